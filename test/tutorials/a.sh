#!/bin/bash
# One ZooKeeper, one broker.
cd /opt/module/kafka
JPS=$PWD/bin/jps
. "$ROOT/prelude.sh"

step zookeeper
bin/zkServer.sh start 2>/dev/null
bin/zkServer.sh status 2>/dev/null
step broker
bin/kafka-server-start.sh config/server.properties >broker.out 2>&1 &
ready 9092
step create
bin/kafka-topics.sh --create --zookeeper localhost:2181 --replication-factor 1 --partitions 1 --topic topic1 2>/dev/null
step list
bin/kafka-topics.sh --list --zookeeper localhost:2181 2>/dev/null
step describe
bin/kafka-topics.sh --describe --zookeeper localhost:2181 --topic topic1 2>/dev/null
step produce
printf 'hello,kafka\nthis is kafka\n' | bin/kafka-console-producer.sh --broker-list localhost:9092 --topic topic1 2>/dev/null
step consume
until_lines 2 bin/kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic topic1 --from-beginning
step old-consumer
(sleep 1; echo later | bin/kafka-console-producer.sh --broker-list localhost:9092 --topic topic1) >/dev/null 2>&1 &
until_lines 1 bin/kafka-console-consumer.sh --zookeeper localhost:2181 --topic topic1
wait $!
step hints
bin/kafka-topics.sh --list --zookeeper localhost:2181 2>&1 >/dev/null
step zkCli
bin/zkCli.sh -server localhost:2181 ls / 2>/dev/null
bin/zkCli.sh -server localhost:2181 ls /brokers/topics 2>/dev/null
bin/zkCli.sh -server localhost:2181 get /brokers/topics/topic1/partitions/0/state 2>/dev/null
bin/zkCli.sh -server localhost:2181 get /brokers/ids/0 2>/dev/null
bin/zkCli.sh -server localhost:2181 get /controller 2>/dev/null
step zk_test
bin/zkCli.sh -server localhost:2181 2>/dev/null <<'TYPED'
create /zk_test my_data
get /zk_test
set /zk_test name
get /zk_test
ls /
delete /zk_test
get /zk_test
quit
TYPED
step refused
bin/zkCli.sh -server localhost:2181 set /controller me 2>&1 | tail -1
bin/zkCli.sh -server localhost:2181 get /nowhere >/dev/null 2>&1; echo "exit $?"
step delete
bin/kafka-topics.sh --create --zookeeper localhost:2181 --replication-factor 1 --partitions 1 --topic topic2 2>/dev/null
bin/kafka-topics.sh --create --zookeeper localhost:2181 --replication-factor 1 --partitions 1 --topic topic3 2>/dev/null
bin/kafka-topics.sh --delete --zookeeper localhost:2181 --topic topic1 2>/dev/null
bin/kafka-run-class.sh kafka.admin.DeleteTopicCommand --zookeeper 127.0.0.1:2181 --topic topic2 2>/dev/null
bin/zkCli.sh -server localhost:2181 deleteall /brokers/topics/topic3 2>/dev/null
bin/kafka-topics.sh --list --zookeeper localhost:2181 2>/dev/null | grep -v __
step jps
own_jps -m | sed 's/^[0-9]* //' | sort
step stop
bin/kafka-server-stop.sh
wait %1; echo "broker: exit $?"
bin/zkServer.sh stop 2>/dev/null
bin/zkServer.sh status 2>/dev/null; echo "exit $?"
step again
bin/zookeeper-server-start.sh config/zookeeper.properties >zookeeper.out 2>&1 &
bin/kafka-server-start.sh config/server.properties >broker.out 2>&1 &
ready 9092
bin/kafka-topics.sh --list --bootstrap-server localhost:9092 | grep -v __ ; echo "none"
bin/kafka-server-stop.sh
wait $!
bin/zookeeper-server-stop.sh
wait; own_jps | sed 's/^[0-9]* //'
