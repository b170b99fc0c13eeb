#!/bin/bash
# What zkServer.sh says of one member, and of files that are damaged.
cd /opt/zookeeper
JPS=$PWD/bin/jps
. "$ROOT/prelude.sh"
bin/zkServer.sh() { ./bin/zkServer.sh "$@" 2>/dev/null; }
settled() { for _ in $(seq 100); do [ -z "$(own_jps)" ] && break; sleep 0.1; done; }

step words
./bin/zkServer.sh 2>&1; echo "exit $?"
./bin/zkServer.sh begin 2>&1 | head -1
step nothing-runs
./bin/zkServer.sh status 2>&1; echo "exit $?"
bin/zkServer.sh stop; echo "exit $?"
step start
./bin/zkServer.sh start 2>&1; echo "exit $?"
bin/zkServer.sh start | sed 's/[0-9][0-9]*/PID/'; echo "exit ${PIPESTATUS[0]}"
bin/zkServer.sh status; echo "exit $?"
own_jps -l | sed 's/^[0-9]* //'
step restart
before=$(own_jps -q)
bin/zkServer.sh restart; echo "exit $?"
[ "$(own_jps -q)" != "$before" ] && bin/zkServer.sh status
step killed
kill -9 $(own_jps -q); settled
bin/zkServer.sh status; echo "exit $?"
bin/zkServer.sh stop
bin/zkServer.sh stop | sed 's/ .could.*//'
step foreground
# A shell starts what is behind & deaf to Ctrl-C.
env --default-signal=INT bin/zkServer.sh start-foreground >foreground.out 2>&1 &
for _ in $(seq 100); do bin/zkServer.sh status >/dev/null && break; sleep 0.1; done
bin/zkServer.sh status
kill -INT $!; wait $!; echo "exit $?"
grep -c 'there is no ZooKeeper any more' foreground.out
step background
./bin/zookeeper-server-start.sh -daemon conf/zoo.cfg 2>&1
for _ in $(seq 100); do bin/zkServer.sh status >/dev/null && break; sleep 0.1; done
./bin/kafka-server-start.sh -daemon conf/server.properties 2>&1
for _ in $(seq 100); do own_jps | grep -q Kafka && break; sleep 0.1; done
./bin/kafka-server-stop.sh
for _ in $(seq 100); do own_jps | grep -q Kafka || break; sleep 0.1; done
./bin/zookeeper-server-stop.sh; settled
step taken
bin/zkServer.sh start >/dev/null
./bin/zkServer.sh --config other start 2>&1 | tail -2; echo "exit ${PIPESTATUS[0]}"
bin/zkServer.sh stop
step myid
for text in '' one 4; do
  printf %s "$text" >ensemble/myid
  ./bin/zkServer.sh start ensemble/zoo.cfg 2>&1 | grep -v '^Using'
done
rm ensemble/myid
./bin/zkServer.sh status "$PWD/ensemble/zoo.cfg" 2>&1; echo "exit $?"
step ensemble
# With the marks of an editor; alone of three there is no leader.
printf '\357\273\2772\r\n' >ensemble/myid
bin/zkServer.sh start ensemble/zoo.cfg
bin/zkServer.sh status ensemble/zoo.cfg; echo "exit $?"
own_jps -m | sed 's/^[0-9]* //'
bin/zkServer.sh stop ensemble/zoo.cfg
own_jps
