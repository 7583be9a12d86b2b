/// Dump and restore with the `criu` program, by the sequence of docs/checkpoint.md: `dump|restore|both CRIU PID GROUP DIR BINARY TOOL RUN`.
///
/// GROUP is the attempt's group in the hierarchy that freezes, RUN the run directory. `both` keeps the mounts of the dumped job for the restore, and
/// waits in between for DIR/go; `restore` gets the overlay, mounted anew, as descriptor 50, and binds the devices of the machine.
enum RoundTripScript {
    static let text = #"""
        set -eu
        MODE=$1 CRIU=$2 PID=$3 GROUP=$4 DIR=$5 BIN=$6 TOOL=$7 RUN=$8
        IMG=$DIR/images
        say() { echo "$*" >&2; }
        until_true() { for turn in $(seq 3000); do if "$@"; then return 0; fi; sleep 0.02; done; say "never: $*"; return 1; }
        is() { [ "$(cat $1)" = $2 ]; }
        freeze() {
          if [ -e $1/freezer.state ]; then echo FROZEN > $1/freezer.state; until_true is $1/freezer.state FROZEN
          else echo 1 > $1/cgroup.freeze; until_true grep -q 'frozen 1' $1/cgroup.events; fi
        }
        thaw() { if [ -e $1/freezer.state ]; then echo THAWED > $1/freezer.state; else echo 0 > $1/cgroup.freeze; fi; }
        control() { printf "\\$1\\001\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0" > $RUN/control; }
        # A number's bytes, the lowest first, as printf takes them.
        octets() { local value=$2 at; for ((at = 0; at < $1; at++)); do printf '\\%03o' $((value & 255)); value=$((value >> 8)); done; }
        used_before() { printf "\\007\\001$(octets 2 $1)\\0\\0\\0\\0$(octets 8 $2)" > $RUN/control; }
        # What processes have used, by the numbers of the exit record's counters: user and system time, largest size, faults without and with input,
        # switches by waiting and by force (of threads that live), blocks in and out.
        used() {
          for process in "$@"; do
            tr '\n' ' ' < /proc/$process/stat | sed 's/.*) //' | awk -v tick=$((1000000 / $(getconf CLK_TCK))) \
              '{printf "0 %.0f\n1 %.0f\n3 %.0f\n4 %.0f\n", ($12 + $14) * tick, ($13 + $15) * tick, $8 + $9, $10 + $11}'
            awk '/^VmHWM/ {print 2, $2}' /proc/$process/status
            cat /proc/$process/task/*/status | awk '/^voluntary_/ {print 5, $2} /^nonvoluntary_/ {print 6, $2}'
            awk '/^read_bytes/ {print 7, int($2 / 512)} /^write_bytes/ {print 8, int($2 / 512)}' /proc/$process/io
          done | awk '{if ($1 != 2) all[$1] += $2; else if ($2 > all[2]) all[2] = $2} END {for (counter in all) printf "%d %.0f\n", counter, all[counter]}'
        }
        # Dumpable, its files of /proc are its own user's; not dumpable, they are root's.
        is_dumpable() { [ "$(stat -c %u /proc/$1/maps)" != 0 ]; }
        is_safe() { ! is_dumpable $1; }
        is_prepared() { [ "$(readlink /proc/$PID/exe)" = /.berth/init ] && is_dumpable $PID; }
        # What the spec decides of each process (by its number inside), and the maps and mounts of the first.
        facts() {
          for process in "$@"; do
            number=$(awk '/^NSpid/ {print $NF}' /proc/$process/status)
            awk '/^NSsid/ {$0 = $1 " " $NF} /^(NSsid|Name|Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig[BIC])/ {printf "%s ", $0}' /proc/$process/status
            echo "of $number oom $(cat /proc/$process/oom_score_adj) nice $(cut -d' ' -f19 < /proc/$process/stat) in $(readlink /proc/$process/cwd)"
            sed "s/^/$number: /" /proc/$process/limits
          done | sort
          cat /proc/$1/uid_map /proc/$1/gid_map /proc/$1/setgroups
          awk '{for (i = 7; $i != "-"; i++); print $5, $6, $(i + 1)}' /proc/$1/mountinfo | sort | sort
        }
        # The main process, as the host sees it.
        main_of() { cut -d' ' -f1 < /proc/$1/task/$1/children; }
        # Where each of its groups is that is not ours, and the file by which a process enters it.
        groups_of() {
          while IFS=: read -r number names path; do
            grep -qxF "$number:$names:$path" /proc/self/cgroup && continue
            case $names in '') top=/sys/fs/cgroup/unified; [ -d $top ] || top=/sys/fs/cgroup; echo $top$path/cgroup.procs;; *) echo /sys/fs/cgroup/${names#name=}$path/tasks;; esac
          done < /proc/$1/cgroup
        }

        # Files of the host that one of the processes holds: their mount is none of the namespace's.
        list_files() {
          cut -d' ' -f1 /proc/$PID/mountinfo > $DIR/ids
          for process in "$@"; do for number in $(ls /proc/$process/fd); do
            file=/proc/$process/fd/$number
            if [ ! -f $file ] && [ ! -p $file ]; then continue; fi
            mount=$(awk '/mnt_id/ {print $2}' /proc/$process/fdinfo/$number)
            if grep -qx $mount $DIR/ids; then continue; fi
            path=$(readlink $file)
            case $path in /*) ;; *) continue;; esac
            inode=$(stat -L -c %i $file)
            # Of a file whose mount was of a namespace that is gone the kernel tells the path below that mount.
            if [ "$(stat -c %i "$path" 2>/dev/null)" != $inode ]; then
              for top in $(awk '{print $5}' /proc/self/mountinfo); do
                if [ "$(stat -c %i "$top$path" 2>/dev/null)" = $inode ]; then path=$top$path; break; fi
              done
            fi
            printf '%x:%x %s\n' $mount $inode "$path"
          done; done | sort -u
        }
        # Mounts that come from the host: kind, place and options of each.
        list_mounts() {
          while read -r id parent device root place options rest; do
            type=${rest##*- } type=${type%% *}
            case $place in /) continue;; /.berth/init) echo init $place $options; continue;; esac
            case $type in
              proc|sysfs|devpts|mqueue) ;;
              tmpfs) [ $root = / ] || echo bind $place $options;;
              *) echo bind $place $options;;
            esac
          done < /proc/$PID/mountinfo
        }

        dump() {
          rm -rf $IMG; mkdir $IMG
          cut -d' ' -f1 /proc/uptime > $RUN/dumped
          $TOOL filters $(main_of $PID) > $DIR/filters
          freeze $GROUP/job
          # Once is enough, also for what a restore brought back.
          attached=
          if [ "$(readlink /proc/$PID/exe)" != /.berth/init ]; then
            cp $BIN $DIR/init; chmod 0711 $DIR/init
            # PID 1 is no root: what it keeps over the exec is what the file gives.
            $TOOL capability $DIR/init
            $TOOL attach $PID $DIR/init /.berth/init
            attached=yes
          fi
          control 005
          until_true is_prepared
          if [ -n "$attached" ]; then [ /proc/$PID/exe -ef $DIR/init ]; fi
          freeze $GROUP
          thaw $GROUP/job
          ALL="$PID $(cat $GROUP/job/cgroup.procs)"
          list_files $ALL > $DIR/files
          list_mounts > $DIR/mounts
          groups_of $PID > $DIR/groups
          EXTERNAL=()
          # CRIU opens them again inside the user namespace, where the host's root is nobody. Their directories are root's alone.
          while read -r key path; do
            EXTERNAL+=(--external "file[$key]")
            if [ $MODE = both ]; then exec {held}<>"$path"; fi
            if [ $(stat -c %u "$path") = 0 ]; then echo "$(stat -c %a "$path") $path"; chmod 666 "$path"; fi
          done < $DIR/files > $DIR/modes
          place=0
          while read -r kind path options; do
            EXTERNAL+=(--external "mnt[$path]:$path")
            place=$((place+1))
            if [ $MODE != both ] || [ $kind = init ]; then continue; fi
            if [ -d /proc/$PID/root$path ]; then mkdir $DIR/mount$place; else touch $DIR/mount$place; fi
            $TOOL keep $PID $path $DIR/mount$place
          done < $DIR/mounts
          if [ $MODE = both ]; then mkdir $DIR/merged; $TOOL keep $PID / $DIR/merged; fi
          facts $ALL > $DIR/facts
          used $(cat $GROUP/job/cgroup.procs) > $DIR/used
          if timeout 120 env ${LIMITS_SHIM:+LD_PRELOAD=$LIMITS_SHIM} $CRIU dump -v4 -o $DIR/dump.log -D $IMG -t $PID --manage-cgroups=ignore --network-lock skip --freeze-cgroup $GROUP "${EXTERNAL[@]}"; then
            thaw $GROUP
            return 0
          fi
          grep Error $DIR/dump.log || true
          # The job goes on only when PID 1 is out of its reach.
          freeze $GROUP/job
          control 006
          thaw $GROUP
          until_true is_safe $PID
          modes
          rm $RUN/dumped
          thaw $GROUP/job
          return 1
        }
        modes() { while read -r mode path; do chmod $mode "$path"; done < $DIR/modes; }

        restore() {
          if [ $MODE = restore ]; then mkdir -p $DIR/merged; $TOOL put 50 $DIR/merged; exec 50>&-; fi
          chmod 711 $DIR
          # It is mapped, not executed, and so has to be readable.
          if [ ! -e $DIR/binary ]; then cp $BIN $DIR/binary; chmod 755 $DIR/binary; fi
          EXTERNAL=() number=60
          while read -r key path; do
            eval "exec $number<>\"\$path\""
            EXTERNAL+=(--inherit-fd "fd[$number]:file[$key]"); number=$((number+1))
          done < $DIR/files
          place=0
          # CRIU forgets the attributes of one of several external mounts of one file system, so each source is a mount with its own.
          while read -r kind path options; do
            place=$((place+1))
            staged=$DIR/mount$place
            if [ $kind = init ] || [ $MODE != both ]; then
              touch $staged
              case $path in /.berth/init) host=$DIR/binary;; /proc/*) host=/dev/null;; *) host=$path;; esac
              # What is not named is kept, such as the nosuid of a /tmp, and could not be taken away inside.
              for word in suid dev exec; do case ,$options, in *,no$word,*) ;; *) options=$options,$word;; esac; done
              mount --bind $host $staged; mount -o remount,bind,$options $staged
            fi
            EXTERNAL+=(--external "mnt[$path]:$staged")
          done < $DIR/mounts
          # Without it the clocks of a restored job are the machine's, as its record and its log need them.
          rm -f $IMG/timens-*.img $DIR/pid
          (
            while read -r file; do echo 0 > $file; done < $DIR/groups
            exec timeout 120 unshare -C $TOOL keyring $CRIU restore -v4 -o $DIR/restore.log -D $IMG --restore-detached --leave-stopped \
              --skip-file-rwx-check --manage-cgroups=ignore --root $DIR/merged --pidfile $DIR/pid "${EXTERNAL[@]}"
          ) || { grep -B5 Error $DIR/restore.log; exit 1; }
          pid=$(cat $DIR/pid)
          all=$(grep -vx $pid $GROUP/cgroup.procs)
          for process in $all; do echo $process > $GROUP/job/cgroup.procs; done
          # Verified before anything runs: the image decides all but the groups.
          for process in $pid $all; do grep -q '^State:.T' /proc/$process/status || { say "$process runs"; exit 1; }; done
          facts $pid $all | diff $DIR/facts -
          $TOOL filters $(main_of $pid) | diff $DIR/filters -
          for file in $(cat $DIR/groups); do grep -qx $pid $file; done
          is_dumpable $pid
          while read -r counter value; do used_before $counter $value; done < $DIR/used
          control 006
          kill -CONT $pid
          until_true is_safe $pid
          modes
          kill -CONT $all
        }

        case $MODE in
          dump) dump;;
          restore) restore;;
          both) dump; touch $DIR/is-dumped; until_true [ -e $DIR/go ]; restore;;
        esac
        touch $DIR/$MODE-done
        """#
}
