/** Every API of a broker's listener, one row each; the group coordinator's rows are its own. */
import type { ApiRow } from '../../network/handler.ts';
import type { ProducerIdAllocator } from '../producer-id-allocator.ts';
import type { BrokerServices } from '../services.ts';
import { alterReplicaLogDirsRow } from './alter-replica-log-dirs.ts';
import { deleteRecordsRow } from './delete-records.ts';
import { describeClusterRow } from './describe-cluster.ts';
import { describeLogDirsRow } from './describe-log-dirs.ts';
import { describeProducersRow } from './describe-producers.ts';
import { describeTopicPartitionsRow } from './describe-topic-partitions.ts';
import { fetchRow } from './fetch.ts';
import { forwardedRows } from './forwarded.ts';
import { initProducerIdRow } from './init-producer-id.ts';
import { listConfigResourcesRow } from './list-config-resources.ts';
import { listOffsetsRow } from './list-offsets.ts';
import { metadataRow } from './metadata.ts';
import { offsetForLeaderEpochRow } from './offset-for-leader-epoch.ts';
import { produceRow } from './produce.ts';

export function brokerRows(services: BrokerServices, producerIds: ProducerIdAllocator): ApiRow[] {
  return [
    produceRow(services),
    fetchRow(services),
    listOffsetsRow(services),
    metadataRow(services),
    deleteRecordsRow(services),
    initProducerIdRow(producerIds),
    offsetForLeaderEpochRow(services),
    describeProducersRow(services),
    describeLogDirsRow(services),
    alterReplicaLogDirsRow(services),
    describeClusterRow(services),
    listConfigResourcesRow(services),
    describeTopicPartitionsRow(services),
    ...forwardedRows(services),
  ];
}
