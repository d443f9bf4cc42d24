"""After the deadline: a class's export is graded again, compared with what was official, and explained."""
