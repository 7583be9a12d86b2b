#!/bin/sh
#BERTH --image busybox --name squares
#BERTH --array 1-8
#BERTH --cores 1 --memory 64M --time-limit 1m
#BERTH tags: [demo]

# One task for each index, as many at once as there are cores. Every task computes for about two seconds.
end=$(($(date +%s) + 2))
steps=0
while [ "$(date +%s)" -lt "$end" ]; do
    i=0
    while [ $i -lt 2000 ]; do i=$((i + 1)); done
    steps=$((steps + 2000))
done
echo "task $BERTH_TASK_INDEX on core $BERTH_CPUS: $BERTH_TASK_INDEX squared is $((BERTH_TASK_INDEX * BERTH_TASK_INDEX)), $steps steps"
