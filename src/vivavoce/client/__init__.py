"""The SDK. Its public names are ``vivavoce.VivavoceClient``, ``vivavoce.AsyncVivavoceClient``, ``vivavoce.types`` and
``vivavoce.errors``; everything else here may change."""
