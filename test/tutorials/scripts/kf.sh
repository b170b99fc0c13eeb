#!/bin/bash
case $1 in
"start"){
    for i in hadoop102 hadoop103 hadoop104
    do
        echo " --------start $i Kafka-------"
        ssh $i "/opt/module/kafka/bin/kafka-server-start.sh -daemon /opt/module/kafka/config/server.properties"
    done
};;
"stop"){
    for i in hadoop102 hadoop103 hadoop104
    do
        echo " --------stop $i Kafka-------"
        ssh $i "/opt/module/kafka/bin/kafka-server-stop.sh stop"
    done
};;
"status"){
    for i in hadoop102 hadoop103 hadoop104
    do
        pid=$(ssh $i "ps ax | grep ' kafka\.Kafka ' | grep java | grep /opt/module/ | grep -v grep" | awk '{print $1}')
        if [ -n "$pid" ]; then echo "$i is running"; else echo "$i is not running"; fi
    done
};;
esac
