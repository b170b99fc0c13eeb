#!/bin/bash
# A ZooKeeper ensemble and three brokers on one host, with failures.
JPS=/usr/local/kafka/bin/jps
. @ROOT@/prelude.sh
PATH=/usr/local/kafka/bin:$PATH
brokers=localhost:9092,localhost:9093,localhost:9094
# The pid of the program with that among its words.
pid_of() { own_jps -m | grep -- "$1" | sed 's/ .*//'; }
in_sync() { until_shows "$2" kafka-topics.sh --describe --bootstrap-server localhost:$1 --topic topic; }
modes() { for name in zookeeper zookeeper2 zookeeper3; do /usr/local/$name/bin/zkServer.sh status 2>/dev/null; done | sort; }

step zookeepers
/usr/local/zookeeper/bin/zkServer.sh start 2>/dev/null
/usr/local/zookeeper2/bin/zkServer.sh start 2>/dev/null
/usr/local/zookeeper3/bin/zkServer.sh start 2>/dev/null
for _ in $(seq 100); do modes | grep -q leader && break; sleep 0.1; done
modes
step brokers
/usr/local/kafka/bin/kafka-server-start.sh -daemon /usr/local/kafka/config/server.properties
/usr/local/kafka2/bin/kafka-server-start.sh -daemon /usr/local/kafka2/config/server.properties
/usr/local/kafka3/bin/kafka-server-start.sh -daemon /usr/local/kafka3/config/server.properties
ready 9092 9093 9094
step warnings
sed 's/^[^]]*] //; s/ (kafka.*//' /usr/local/kafka/logs/server.log | grep WARN | cut -c1-100
step create
kafka-topics.sh --create --bootstrap-server localhost:9092 --replication-factor 3 --partitions 3 --topic topic
in_sync 9092 'Isr: 0,1,2' | grep -c 'Isr: [0-9],[0-9],[0-9]'
step talk
printf 'hello\nthis is kafka\n' | kafka-console-producer.sh --broker-list localhost:9092 --topic topic 2>/dev/null
until_lines 2 kafka-console-consumer.sh --bootstrap-server localhost:9093 --topic topic --from-beginning | sort
step jps
kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic topic >consumer.out 2>&1 &
until_shows ConsoleConsumer own_jps -m | sed 's/^[0-9]* //' | sort
kill -INT $!; wait $!
[ -n "$KAFKA_LOOKS" ] && pause whole
# From here on a producer and a consumer work without a pause; what they say is counted at the end.
(for n in $(seq 1500); do echo "record $n"; sleep 0.01; done) |
  kafka-console-producer.sh --broker-list $brokers --topic topic >producer.out 2>&1 &
producer=$!
kafka-console-consumer.sh --bootstrap-server $brokers --topic topic --group watchers --from-beginning >watched.out 2>watched.err &
watcher=$!
step kill-broker-0
kill -9 $(pid_of kafka/config/server.properties)
in_sync 9093 'Isr: 1,2' | grep -o 'Isr: [0-9,]*' | grep -c 0
step broker-0-returns
/usr/local/kafka/bin/kafka-server-start.sh -daemon /usr/local/kafka/config/server.properties
ready 9092
for _ in $(seq 100); do [ "$(kafka-topics.sh --describe --bootstrap-server localhost:9094 --topic topic | grep -c 'Isr: [0-9],[0-9],[0-9]')" = 3 ] && break; sleep 0.2; done
kafka-topics.sh --describe --bootstrap-server localhost:9094 --topic topic | grep -c 'Isr: [0-9],[0-9],[0-9]'
step kill-zookeeper
leader=$(for n in '' 2 3; do /usr/local/zookeeper$n/bin/zkServer.sh status 2>/dev/null | grep -q leader && echo "zookeeper$n"; done)
kill -9 $(pid_of $leader/conf/zoo.cfg)
/usr/local/$leader/bin/zkServer.sh status 2>/dev/null
for _ in $(seq 100); do modes | grep -q leader && break; sleep 0.1; done
modes
kafka-topics.sh --create --bootstrap-server localhost:9092 --replication-factor 3 --partitions 1 --topic still-alive
step two-brokers-fail
kill -9 $(pid_of kafka2/config/server.properties)
in_sync 9092 'Isr: 0' | grep -o 'Isr: [0-9,]*' | grep -c 1
kill -9 $(pid_of kafka3/config/server.properties)
in_sync 9092 'Leader: 0' | grep -c 'Leader: 0'
echo 'one is enough' | kafka-console-producer.sh --broker-list $brokers --topic topic 2>/dev/null; echo "exit $?"
step all-return
/usr/local/kafka2/bin/kafka-server-start.sh -daemon /usr/local/kafka2/config/server.properties
/usr/local/kafka3/bin/kafka-server-start.sh -daemon /usr/local/kafka3/config/server.properties
/usr/local/$leader/bin/zkServer.sh start 2>/dev/null
ready 9093 9094
step groups
kafka-consumer-groups.sh --list --bootstrap-server $brokers | sed 's/-[0-9]*$/-N/' | sort -u
kafka-consumer-groups.sh --describe --bootstrap-server $brokers --group watchers | awk '/^watchers/ { print $1, $2, $3 }' | sort
step counts
wait $producer; echo "producer: exit $?"
for _ in $(seq 300); do [ "$(grep -o 'record [0-9]*' watched.out | sort -u | grep -c '')" -ge 1500 ] && break; sleep 0.1; done
kill -INT $watcher; wait $watcher
echo "read by the watcher: $(grep -o 'record [0-9]*' watched.out | sort -u | grep -c '')"
kafka-console-consumer.sh --bootstrap-server $brokers --topic topic --from-beginning --timeout-ms 3000 2>/dev/null >all.out
echo "in the log: $(grep -o 'record [0-9]*' all.out | sort -u | grep -c '') of $(grep -c record all.out)"
grep -c 'one is enough' all.out
step shared-group
kafka-topics.sh --create --bootstrap-server localhost:9092 --replication-factor 3 --partitions 2 --topic test
for n in 1 2; do
  kafka-console-consumer.sh --bootstrap-server $brokers --topic test --consumer-property group.id=mygroup --from-beginning >member$n.out 2>/dev/null &
done
members_of() { kafka-consumer-groups.sh --describe --bootstrap-server $brokers --group mygroup 2>/dev/null | awk '$7 ~ /consumer/ { print $2, $3, $7 }' | sort -u -k3 | grep -c '' | sed 's/^/members /'; }
until_shows 'members 2' members_of
for n in $(seq 40); do echo "$n:shared $n"; done | kafka-console-producer.sh --bootstrap-server $brokers --topic test --property parse.key=true --property key.separator=: 
for _ in $(seq 100); do [ "$(cat member1.out member2.out | grep -c shared)" -ge 40 ] && break; sleep 0.1; done
cat member1.out member2.out | sort -u | grep -c shared
[ -s member1.out ] && [ -s member2.out ] && echo 'both have a share'
kill -INT %% %- 2>/dev/null
