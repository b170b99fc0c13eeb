/**
 * The Java classes behind Kafka's tools, those of older versions too: what `kafka-run-class.sh` is given, what `jps` and
 * `ps` show. A tool has its row here whether or not kts has it; the command table tells what there is.
 */

/** By the name of `kafka-NAME.sh`, the class of Kafka 4 first. */
const CLASSES: Readonly<Record<string, readonly string[]>> = {
  'server-start': ['kafka.Kafka'],
  storage: ['kafka.tools.StorageTool'],
  topics: ['org.apache.kafka.tools.TopicCommand', 'kafka.admin.TopicCommand'],
  configs: ['kafka.admin.ConfigCommand'],
  'console-producer': ['org.apache.kafka.tools.ConsoleProducer', 'kafka.tools.ConsoleProducer'],
  'console-consumer': ['org.apache.kafka.tools.consumer.ConsoleConsumer', 'kafka.tools.ConsoleConsumer'],
  'console-share-consumer': ['org.apache.kafka.tools.consumer.ConsoleShareConsumer'],
  'consumer-groups': ['org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', 'kafka.admin.ConsumerGroupCommand'],
  'share-groups': ['org.apache.kafka.tools.consumer.group.ShareGroupCommand'],
  'streams-groups': ['org.apache.kafka.tools.streams.StreamsGroupCommand'],
  groups: ['org.apache.kafka.tools.GroupsCommand'],
  'producer-perf-test': ['org.apache.kafka.tools.ProducerPerformance'],
  'consumer-perf-test': ['org.apache.kafka.tools.ConsumerPerformance', 'kafka.tools.ConsumerPerformance'],
  'share-consumer-perf-test': ['org.apache.kafka.tools.ShareConsumerPerformance'],
  'e2e-latency': ['org.apache.kafka.tools.EndToEndLatency', 'kafka.tools.EndToEndLatency'],
  'dump-log': ['org.apache.kafka.tools.DumpLogSegments', 'kafka.tools.DumpLogSegments'],
  'get-offsets': ['org.apache.kafka.tools.GetOffsetShell', 'kafka.tools.GetOffsetShell'],
  'delete-records': ['org.apache.kafka.tools.DeleteRecordsCommand', 'kafka.admin.DeleteRecordsCommand'],
  'log-dirs': ['org.apache.kafka.tools.LogDirsCommand', 'kafka.admin.LogDirsCommand'],
  'leader-election': ['org.apache.kafka.tools.LeaderElectionCommand', 'kafka.admin.LeaderElectionCommand'],
  'reassign-partitions': [
    'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
    'kafka.admin.ReassignPartitionsCommand',
  ],
  'metadata-quorum': ['org.apache.kafka.tools.MetadataQuorumCommand', 'kafka.admin.MetadataQuorumCommand'],
  'metadata-shell': ['org.apache.kafka.shell.MetadataShell'],
  acls: ['org.apache.kafka.tools.AclCommand', 'kafka.admin.AclCommand'],
  features: ['org.apache.kafka.tools.FeatureCommand', 'kafka.admin.FeatureCommand'],
  transactions: ['org.apache.kafka.tools.TransactionsCommand'],
  cluster: ['org.apache.kafka.tools.ClusterTool', 'kafka.tools.ClusterTool'],
  'broker-api-versions': ['org.apache.kafka.tools.BrokerApiVersionsCommand', 'kafka.admin.BrokerApiVersionsCommand'],
  'client-metrics': ['org.apache.kafka.tools.ClientMetricsCommand'],
  'delegation-tokens': ['org.apache.kafka.tools.DelegationTokenCommand', 'kafka.admin.DelegationTokenCommand'],
  'verifiable-producer': ['org.apache.kafka.tools.VerifiableProducer'],
  'verifiable-consumer': ['org.apache.kafka.tools.VerifiableConsumer'],
  'replica-verification': ['org.apache.kafka.tools.ReplicaVerificationTool', 'kafka.tools.ReplicaVerificationTool'],
  'zookeeper-server-start': [
    'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    'org.apache.zookeeper.server.ZooKeeperServerMain',
  ],
  'streams-application-reset': ['org.apache.kafka.tools.StreamsResetter', 'kafka.tools.StreamsResetter'],
};

/** How a node names itself among its words, so that what looks for a broker finds it. */
export const NODE_CLASS = 'kafka.Kafka';
/** The same of a controller in ZooKeeper's place. */
export const ENSEMBLE_CLASS = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

/** The tool that `leader-election` took the place of. */
export const PREFERRED_ELECTION_CLASS = 'kafka.admin.PreferredReplicaLeaderElectionCommand';

interface OldClass {
  readonly words: readonly [string, ...string[]];
  /** What else is said where this option is not. */
  readonly without?: { readonly option: string; readonly words: readonly string[] };
}

/** Classes of Kafka's first years whose work is one action of a later tool. */
const OLD_CLASSES: Readonly<Record<string, OldClass>> = {
  'kafka.admin.ListTopicCommand': { words: ['topics', '--list'] },
  'kafka.admin.CreateTopicCommand': { words: ['topics', '--create'] },
  'kafka.admin.DeleteTopicCommand': { words: ['topics', '--delete'] },
  [PREFERRED_ELECTION_CLASS]: {
    words: ['leader-election', '--election-type', 'preferred'],
    without: { option: 'path-to-json-file', words: ['--all-topic-partitions'] },
  },
};

/** `behind`: what is typed behind the class. */
export function wordsOfOldClass(name: string, behind: readonly string[]): readonly [string, ...string[]] | undefined {
  const old = Object.hasOwn(OLD_CLASSES, name) ? OLD_CLASSES[name] : undefined;
  if (old?.without === undefined) return old?.words;
  const { option, words } = old.without;
  const isSaid = behind.some((word) => word.replace(/^--?/, '').replace(/=.*$/s, '') === option);
  return isSaid ? old.words : [...old.words, ...words];
}

/** The tool behind a class; undefined when it is none of Kafka's tools. */
export function toolOfClass(name: string): string | undefined {
  return Object.keys(CLASSES).find((tool) => CLASSES[tool]?.includes(name));
}

/** The class of Kafka 4 behind a tool; undefined when Kafka has no such tool. */
export function classOfTool(tool: string): string | undefined {
  return Object.hasOwn(CLASSES, tool) ? CLASSES[tool]?.[0] : undefined;
}
