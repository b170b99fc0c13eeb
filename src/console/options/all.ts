/** All option tables, for what looks at every command without running one: help and completion. */
import { aclsTable } from './acls.ts';
import { clusterTable } from './cluster.ts';
import { completionTable } from './completion.ts';
import { configsTable } from './configs.ts';
import { consoleConsumerTable } from './console-consumer.ts';
import { consoleProducerTable } from './console-producer.ts';
import { consumerGroupsTable } from './consumer-groups.ts';
import { leaderElectionTable } from './leader-election.ts';
import { profileTable } from './profile.ts';
import { reassignPartitionsTable } from './reassign-partitions.ts';
import { readyTable, serverStartTable, serverStopTable } from './server.ts';
import { jpsTable, shimsTable } from './shims.ts';
import { storageTable } from './storage.ts';
import type { ToolTable } from './table.ts';
import { topicsTable } from './topics.ts';
import { zkCliTable, zkServerTable, zookeeperServerStartTable, zookeeperServerStopTable } from './zookeeper.ts';

export const ALL_TABLES: readonly ToolTable[] = [
  topicsTable,
  consoleProducerTable,
  consoleConsumerTable,
  consumerGroupsTable,
  configsTable,
  aclsTable,
  reassignPartitionsTable,
  leaderElectionTable,
  serverStartTable,
  serverStopTable,
  storageTable,
  clusterTable,
  readyTable,
  profileTable,
  completionTable,
  shimsTable,
  jpsTable,
  zookeeperServerStartTable,
  zookeeperServerStopTable,
  zkServerTable,
  zkCliTable,
];

export function tableOf(name: string): ToolTable | undefined {
  return ALL_TABLES.find((table) => table.name === name);
}
