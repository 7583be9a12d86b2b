print("berth-init")
