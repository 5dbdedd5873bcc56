"""The service proxy: Services and EndpointSlices as one packet-filter table."""
