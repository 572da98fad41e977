"""What every service stands on: a closed list of packages that hold no word of the business."""
