/// Dump and restore with the `criu` program, in the order of launch.md §5: `dump|restore CRIU PID GROUP DIRECTORY BINARY ROOT`. The restore gets the
/// overlay, mounted anew, as descriptor 50.
let checkpointScript = #"""
    MODE=$1 CRIU=$2 PID=$3 GROUP=$4 DIR=$5 BIN=$6 LAYER=$7
    RUN=$DIR/run/one
    IMG=$DIR/images
    if [ $MODE = dump ]; then
      mkdir $IMG
      echo 1 > $GROUP/job/cgroup.freeze
      cp $BIN $DIR/init; chmod 0711 $DIR/init
      $LAYER/bin/attach $PID $DIR/init /.berth/init
      kill -62 $PID
      for i in $(seq 200); do readlink /proc/$PID/exe | grep -q /.berth/init && break; sleep 0.01; done
      echo 1 > $GROUP/cgroup.freeze
      echo 0 > $GROUP/job/cgroup.freeze
      chmod 666 $RUN/*
      EXTERNAL=()
      for fd in /proc/$PID/fd/*; do
        target=$(readlink $fd)
        case $target in $RUN/*)
          mount=$(awk '/mnt_id/ {printf "%x", $2}' /proc/$PID/fdinfo/${fd##*/}); inode=$(printf %x $(stat -L -c %i $fd))
          EXTERNAL+=(--external "file[$mount:$inode]"); echo "$mount:$inode $target" >> $DIR/files;;
        esac
      done
      while read id parent device root place rest; do
        case $place in /dev/pts|/dev/shm|/dev/mqueue) ;; /dev/*|/proc/cpuinfo|/.berth/init) EXTERNAL+=(--external "mnt[$place]:$place"); echo $place >> $DIR/mounts;; esac
      done < /proc/$PID/mountinfo
      timeout 60 $CRIU dump -v4 -o $DIR/dump.log -D $IMG -t $PID --manage-cgroups=ignore --network-lock skip --freeze-cgroup $GROUP "${EXTERNAL[@]}" ||
        { grep Error $DIR/dump.log; exit 1; }
      echo 0 > $GROUP/cgroup.freeze
    elif [ $MODE = restore ]; then
      mkdir $DIR/merged
      exec unshare -m --propagation private bash -ex $0 inner "${@:2}"
    elif [ $MODE = inner ]; then
      $LAYER/bin/attach 50 $DIR/merged
      exec 50>&-
      chmod 711 $DIR; cp $BIN $DIR/binary; chmod 755 $DIR/binary
      EXTERNAL=() number=60
      while read key path; do
        case $path in */control) eval "exec $number<>$path";; */record) eval "exec $number<>$path";; *) eval "exec $number>>$path";; esac
        EXTERNAL+=(--inherit-fd "fd[$number]:file[$key]"); number=$((number+1))
      done < $DIR/files
      while read place; do
        case $place in /.berth/init) host=$DIR/binary;; /proc/cpuinfo) host=/dev/null;; *) host=$place;; esac
        EXTERNAL+=(--external "mnt[$place]:$host")
      done < $DIR/mounts
      echo $$ > $GROUP/cgroup.procs
      timeout 60 unshare -C $CRIU restore -v4 -o $DIR/restore.log -D $IMG --restore-detached --leave-stopped --skip-file-rwx-check --manage-cgroups=ignore \
        --root $DIR/merged --pidfile $DIR/pid "${EXTERNAL[@]}" || { grep -B5 Error $DIR/restore.log; exit 1; }
      pid=$(cat $DIR/pid)
      grep -E "State|NoNewPrivs|CapBnd" /proc/$pid/status
      all=$(grep -vxE "$pid|$$" $GROUP/cgroup.procs)
      for process in $all; do echo $process > $GROUP/job/cgroup.procs; done
      echo $$ > ${GROUP%/*}/cgroup.procs
      kill -CONT $pid
      sleep 0.2
      kill -CONT $all
    fi
    """#
