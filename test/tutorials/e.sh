#!/bin/bash
# Containers, by the entry point of the image.
JPS=/opt/kafka/bin/jps
. @ROOT@/prelude.sh
# docker run -e NAME=VALUE …: nothing else is in the environment.
docker_run() { exec env -i KTS_SOURCE=1 HOME=@ROOT@ "$@" "$NODE" "$KTS" server-start --data-dir @ROOT@/data; }

step wurstmeister
docker_run KAFKA_BROKER_ID=0 KAFKA_ZOOKEEPER_CONNECT=172.17.0.1:2181 \
  KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://172.17.0.1:9092 KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:9092 \
  KAFKA_NUM_PARTITION=2 KAFKA_CREATE_TOPICS=made:2:1,kept:1:1:compact,broken:x >container.out 2>container.err &
node=$!
ready 9092
head -6 container.out; cat container.err
until_shows made /opt/kafka/bin/kafka-topics.sh --list --bootstrap-server 172.17.0.1:9092
step use
/opt/kafka/bin/kafka-topics.sh --create --zookeeper 172.17.0.1:2181 --replication-factor 1 --partitions 2 --topic my_log 2>/dev/null | grep -v WARNING
# Inside the container, where the other one of the compose file is not.
KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181 /opt/kafka/bin/kafka-topics.sh --describe --zookeeper zookeeper:2181 --topic my_log 2>/dev/null | grep -c Leader:
echo hello | /opt/kafka/bin/kafka-console-producer.sh --topic first --broker-list 172.17.0.1:9092 2>/dev/null
until_lines 1 /opt/kafka/bin/kafka-console-consumer.sh --topic first --from-beginning --bootstrap-server 172.17.0.1:9092
kill $node; wait $node; echo "exit $?"
rm -r @ROOT@/data
step bitnami
docker_run KAFKA_CFG_NODE_ID=0 KAFKA_CFG_PROCESS_ROLES=controller,broker \
  KAFKA_CFG_LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093 KAFKA_CFG_ADVERTISED_LISTENERS=PLAINTEXT://172.17.0.1:9092 \
  KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT \
  KAFKA_CFG_CONTROLLER_QUORUM_VOTERS=0@172.17.0.1:9093 KAFKA_CFG_CONTROLLER_LISTENER_NAMES=CONTROLLER \
  KAFKA_CFG_SASL_JAAS_CONFIG=hush KAFKA_KRAFT_CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qg ALLOW_PLAINTEXT_LISTENER=yes >container.out 2>container.err &
node=$!
ready 9092
grep -c hush container.out container.err; grep jaas container.out
grep cluster.id @ROOT@/data/meta.properties
kill $node; wait $node
rm -r @ROOT@/data
step apache
docker_run KAFKA_NODE_ID=1 KAFKA_PROCESS_ROLES=broker,controller KAFKA_LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093 \
  KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://172.17.0.1:9092 KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER \
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT \
  KAFKA_CONTROLLER_QUORUM_VOTERS=1@172.17.0.1:9093 KAFKA_NUM_PARTITIONS=3 KAFKA_HEAP_OPTS=-Xmx1G >container.out 2>container.err &
node=$!
ready 9092
grep cluster.id @ROOT@/data/meta.properties
/opt/kafka/bin/kafka-topics.sh --create --bootstrap-server 172.17.0.1:9092 --topic three
/opt/kafka/bin/kafka-topics.sh --describe --bootstrap-server 172.17.0.1:9092 --topic three | grep -c 'Leader: 1'
kill $node; wait $node
