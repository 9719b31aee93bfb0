"""The page: pure layout and view functions, and thin callbacks that join them to the services."""
