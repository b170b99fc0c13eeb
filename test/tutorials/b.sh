#!/bin/bash
# KRaft, three hosts.
JPS=@ROOT@/kafka-broker1/kafka-kraft/bin/jps
. @ROOT@/prelude.sh

step uuid
id=$(ssh kafka-broker1 "/opt/module/kafka-kraft/bin/kafka-storage.sh random-uuid")
echo "$id" | grep -cE '^[A-Za-z0-9_-]{22}$'
step format
for host in kafka-broker1 kafka-broker2 kafka-broker3; do
  ssh $host "/opt/module/kafka-kraft/bin/kafka-storage.sh format -t $id -c /opt/module/kafka-kraft/config/kraft/server.properties"
done
step start
for host in kafka-broker1 kafka-broker2 kafka-broker3; do
  ssh $host "/opt/module/kafka-kraft/bin/kafka-server-start.sh -daemon /opt/module/kafka-kraft/config/kraft/server.properties"
done
for address in kafka-broker1:9092 kafka-broker2:9092 kafka-broker3:9092; do ready ${address#*:}; done
step use
bin=@ROOT@/kafka-broker1/kafka-kraft/bin
$bin/kafka-topics.sh --bootstrap-server kafka-broker1:9092 --create --topic first --partitions 1 --replication-factor 3
until_shows 'Isr: ' $bin/kafka-topics.sh --bootstrap-server kafka-broker2:9092 --describe --topic first | grep -o 'Replicas: [0-9,]*' | tr -d ' 0-9'
echo hello | $bin/kafka-console-producer.sh --bootstrap-server kafka-broker1:9092 --topic first
until_lines 1 $bin/kafka-console-consumer.sh --bootstrap-server kafka-broker3:9092 --from-beginning --topic first
step stop
for host in kafka-broker1 kafka-broker2 kafka-broker3; do
  ssh $host "/opt/module/kafka-kraft/bin/kafka-server-stop.sh" >/dev/null
done
for _ in $(seq 300); do [ -z "$(own_jps | grep -v Jps)" ] && break; sleep 0.1; done
own_jps | grep -v Jps; echo "none left"
