"""What does a camera see of a signer?"""
