"""Page routes."""

app_name = "stories"
urlpatterns: list[object] = []
