import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stories", "0014_generation_server"),
    ]

    operations = [
        migrations.AddField(
            model_name="storysettings",
            name="reader_age",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(5),
                    django.core.validators.MaxValueValidator(14),
                ],
                verbose_name="Age of readers",
            ),
        ),
    ]
