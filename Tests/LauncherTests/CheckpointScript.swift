/// Dump and restore with the `criu` program: `dump|restore CRIU PID GROUP DIRECTORY BINARY ROOT`. The restore gets the
/// overlay, mounted anew, as descriptor 50.
let checkpointScript = #"""
    MODE=$1 CRIU=$2 PID=$3 GROUP=$4 DIR=$5 BIN=$6 LAYER=$7
    RUN=$DIR/run/one
    IMG=$DIR/images
    # What the image decides of each process (by its number inside), and the map and mounts of the first, whose order a restore may change.
    facts() {
      for process in "$@"; do
        awk '/^NSpid|^NSsid/ {$0 = $1 " " $NF} /^(NSpid|NSsid|Name|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)/ {printf "%s ", $0}' /proc/$process/status
        echo
      done | sort
      cat /proc/$1/uid_map /proc/$1/gid_map
      awk '{for (i = 7; $i != "-"; i++); print $5, $6, $(i + 1)}' /proc/$1/mountinfo | sort | sort
    }
    if [ $MODE = dump ]; then
      mkdir $IMG
      echo 1 > $GROUP/job/cgroup.freeze
      cp $BIN $DIR/init; chmod 0711 $DIR/init
      $LAYER/bin/attach $PID $DIR/init /.berth/init
      printf '\005\001\0\0\0\0\0\0\0\0\0\0\0\0\0\0' > $RUN/control
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
      while read id parent device root place options rest; do
        case $place in /dev/pts|/dev/shm|/dev/mqueue) ;; /dev/*|/proc/cpuinfo|/.berth/init) EXTERNAL+=(--external "mnt[$place]:$place"); echo $place $options >> $DIR/mounts;; esac
      done < /proc/$PID/mountinfo
      facts $PID $(cat $GROUP/job/cgroup.procs) > $DIR/facts
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
        eval "exec $number<>$path"
        EXTERNAL+=(--inherit-fd "fd[$number]:file[$key]"); number=$((number+1))
      done < $DIR/files
      # CRIU forgets the attributes of one of several external mounts of one file system, so each source has its own.
      while read place options; do
        case $place in /.berth/init) host=$DIR/binary;; /proc/cpuinfo) host=/dev/null;; *) host=$place;; esac
        staged=$(mktemp -p $DIR)
        mount --bind $host $staged; mount -o remount,bind,$options $staged
        EXTERNAL+=(--external "mnt[$place]:$staged")
      done < $DIR/mounts
      echo $$ > $GROUP/cgroup.procs
      timeout 60 unshare -C $CRIU restore -v4 -o $DIR/restore.log -D $IMG --restore-detached --leave-stopped --skip-file-rwx-check --manage-cgroups=ignore \
        --root $DIR/merged --pidfile $DIR/pid "${EXTERNAL[@]}" || { grep -B5 Error $DIR/restore.log; exit 1; }
      pid=$(cat $DIR/pid)
      # Out of the group before it is listed: a subshell of this script would be in the list, and gone when it is moved.
      echo $$ > ${GROUP%/*}/cgroup.procs
      all=$(grep -vx $pid $GROUP/cgroup.procs)
      for process in $all; do echo $process > $GROUP/job/cgroup.procs; done
      for process in $pid $all; do grep -q "^State:.T" /proc/$process/status; done
      facts $pid $all | diff $DIR/facts -
      # Dumpable, its files of /proc are its own user's; not dumpable, they are root's. The job goes on only then.
      test $(stat -c %u /proc/$pid/maps) != 0
      kill -CONT $pid
      for i in $(seq 500); do [ $(stat -c %u /proc/$pid/maps) = 0 ] && break; sleep 0.02; done
      test $(stat -c %u /proc/$pid/maps) = 0
      kill -CONT $all
    fi
    """#
