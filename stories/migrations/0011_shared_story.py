from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("stories", "0010_link_and_import"),
    ]

    operations = [
        migrations.CreateModel(
            name="SharedStory",
            fields=[],
            options={
                "verbose_name": "link to read",
                "verbose_name_plural": "links to read",
                "ordering": ["-pk"],
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("stories.story",),
        ),
    ]
