#!/bin/bash
# A cluster over ssh, as people drive it from one of its hosts.
JPS=@ROOT@/hadoop102/kafka/bin/jps
. @ROOT@/prelude.sh
bin=@ROOT@/hadoop102/kafka/bin

step none
xcall jps
ssh hadoop102 "/opt/module/kafka/bin/kafka-server-stop.sh stop"; echo "exit $?"
step start
cluster.sh start 2>/dev/null
for address in hadoop102:9092 hadoop103:9092 hadoop104:9092; do ready ${address#*:}; done
step status
kf.sh status
zk status 2>/dev/null | grep Mode | sort
step jps
ssh hadoop102 jps | sed 's/^[0-9]* //' | sort
step jps-m
own_jps -ml | sed 's/^[0-9]* //' | sort
step use
$bin/kafka-topics.sh --create --topic first --partitions 3 --replication-factor 3 --bootstrap-server hadoop102:9092
seq 1 100 | $bin/kafka-console-producer.sh --topic first --bootstrap-server hadoop103:9092
until_lines 100 $bin/kafka-console-consumer.sh --topic first --from-beginning --bootstrap-server hadoop104:9092 | sort -n | uniq | wc -l
until_shows 'ReplicationFactor: 3' $bin/kafka-topics.sh --describe --topic first --zookeeper hadoop102:2181 | grep -c 'Isr: .*,.*,'
step log
cat @ROOT@/hadoop102/kafka/logs/server.log | grep -i "error\|warn" | sed 's/^[^]]*] //' | cut -c1-60
step ids
cat @ROOT@/hadoop10?/kafka/datas/meta.properties | grep node.id
cat @ROOT@/hadoop10?/*/datas/meta.properties @ROOT@/hadoop10?/*/zkData/kraft/meta.properties 2>/dev/null | grep -c "$(grep cluster.id @ROOT@/hadoop102/kafka/datas/meta.properties)"
step absent
ssh hadoop102 "/opt/module/kafka/bin/kafka-server-start.sh -daemon /opt/module/kafka/absent.properties"; echo "exit $?"
until grep -q ERROR @ROOT@/hadoop102/kafka/logs/server.log; do sleep 0.1; done
grep ERROR @ROOT@/hadoop102/kafka/logs/server.log | sed 's/^[^]]*] //'
step stop
cluster.sh stop 2>/dev/null | grep -v 'Kafka processes left: [1-9]'
kf.sh status
step again
cluster.sh start >/dev/null 2>&1
for address in hadoop102:9092 hadoop103:9092 hadoop104:9092; do ready ${address#*:}; done
until_lines 100 $bin/kafka-console-consumer.sh --topic first --from-beginning --bootstrap-server hadoop102:9092 | sort -n | uniq | wc -l
cluster.sh stop >/dev/null 2>&1
step left
own_jps | grep -v Jps
