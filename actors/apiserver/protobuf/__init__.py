"""Request bodies in Kubernetes' protobuf encoding, read as JSON. Answers are never protobuf."""
