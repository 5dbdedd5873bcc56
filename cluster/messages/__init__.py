"""What actors say to each other, one file per receiver: the data flow of the system in a folder."""
