"""What is a signing pose, and how is it read, written, normalised?"""
