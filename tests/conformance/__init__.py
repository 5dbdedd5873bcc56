"""Kubernetes' API as its conformance suite asks for it, by the rows of the surface it covers.

``test_resources.py``: every built-in resource with every verb and subresource, one test a resource.
``test_behaviours_*.py``: what the API server does, one class a behaviour. Over HTTPS with a client
certificate, against a real API server and store in this process; without nodes or controllers.
"""
