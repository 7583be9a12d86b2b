#!/bin/sh
#BERTH --image busybox --name retry --memory 32M --time-limit 1m
#BERTH --retries count=3,on=failed,backoff=1s

# Fails twice and succeeds the third time: BERTH_ATTEMPT counts the runs.
echo "attempt $BERTH_ATTEMPT"
[ "$BERTH_ATTEMPT" -ge 3 ]
