#!/bin/sh
# Starts a Slurm of one node on this machine, for trying out and for tests; removes it again.
#
#     scripts/slurm-here.sh up      (again: starts what is not running)
#     scripts/slurm-here.sh down
#
# It needs root and Debian's packages: apt-get install slurm-wlm munge. It is meant for containers: the
# configuration is /etc/slurm/slurm.conf, and one that this script has not written is left alone.
set -eu

CONF=/etc/slurm/slurm.conf
MARK="# Written by scripts/slurm-here.sh"
STATE=/var/spool/slurm-here
NODE=$(hostname -s)

fail() {
    echo "slurm-here: $1" >&2
    exit 2
}

running() {
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

configure() {
    if [ -e "$CONF" ] && ! grep -q "^$MARK" "$CONF"; then
        fail "$CONF exists and is not of this script"
    fi
    cores=$(nproc --all)
    memory=$(awk '/^MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
    cat >"$CONF" <<CONFIGURATION
$MARK
ClusterName=here
SlurmctldHost=$NODE(127.0.0.1)
SlurmUser=root
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
StateSaveLocation=$STATE/controller
SlurmdSpoolDir=$STATE/node
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=10
KillWait=10
MessageTimeout=30
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=${SLURM_HERE_CPUS:-$cores} RealMemory=$memory State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONFIGURATION
}

up() {
    [ "$(id -u)" = 0 ] || fail "it has to be root"
    for program in munged slurmctld slurmd; do
        command -v "$program" >/dev/null || fail "no $program: apt-get install slurm-wlm munge"
    done
    mkdir -p "$STATE/controller" "$STATE/node" /run/munge
    running "$STATE/slurmctld.pid" || configure
    chown munge: /run/munge && chmod 755 /run/munge
    if ! munge -n </dev/null >/dev/null 2>&1; then
        runuser -u munge -- munged --force 2>/dev/null
    fi
    running "$STATE/slurmctld.pid" || slurmctld
    running "$STATE/slurmd.pid" || slurmd
    for _ in $(seq 60); do
        if [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; then
            sinfo
            return
        fi
        scontrol update NodeName="$NODE" State=RESUME 2>/dev/null || true
        sleep 0.5
    done
    fail "the node does not become idle; see $STATE/*.log"
}

down() {
    [ -e "$CONF" ] && grep -q "^$MARK" "$CONF" || fail "it is not up"
    scancel --user=root 2>/dev/null || true
    for daemon in slurmd slurmctld; do
        if running "$STATE/$daemon.pid"; then
            kill "$(cat "$STATE/$daemon.pid")"
            while running "$STATE/$daemon.pid"; do sleep 0.1; done
        fi
    done
    if running /run/munge/munged.pid; then kill "$(cat /run/munge/munged.pid)"; fi
    rm -rf "$STATE" "$CONF"
}

case "${1:-}" in
up) up ;;
down) down ;;
*) fail "usage: $0 up|down" ;;
esac
