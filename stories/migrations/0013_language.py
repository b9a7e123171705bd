from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stories", "0012_wishes"),
    ]

    operations = [
        migrations.AddField(
            model_name="storysettings",
            name="language",
            field=models.CharField(blank=True, max_length=12, verbose_name="Language"),
        ),
    ]
