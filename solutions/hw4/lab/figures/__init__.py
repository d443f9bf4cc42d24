"""The lecture's pictures, drawn with the student's functions, which are passed in."""
