/**
 * The cluster's metadata as the tree that Kafka once kept in ZooKeeper: the same paths, the same JSON, read from the
 * brokers each time. Nothing is kept here.
 */
import { addressText } from '../../base/address-text.ts';
import type { Admin } from '../../client/admin.ts';
import type { ClusterNode } from '../../client/admin-cluster.ts';
import { ConfigSource, ResourceType } from '../../client/admin-configs.ts';
import type { OngoingReassignment } from '../../client/admin-partitions.ts';
import type { TopicDescription } from '../../client/admin-topics.ts';
import type { EnsembleView } from '../../network/ensemble-view.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { OWN_NODES_TOPIC } from './own-nodes.ts';
import { bareNode, plant, ROOT, type Tree } from './znode.ts';

/** What was there in every cluster, with or without anything below it. */
const ALWAYS = [
  '/admin/delete_topics',
  '/brokers/ids',
  '/brokers/seqid',
  '/brokers/topics',
  '/config/brokers',
  '/config/changes',
  '/config/clients',
  '/config/ips',
  '/config/topics',
  '/config/users',
  '/consumers',
  '/isr_change_notification',
  '/latest_producer_id_block',
  '/log_dir_event_notification',
] as const;
const ZOOKEEPERS_OWN = ['/zookeeper/config', '/zookeeper/quota'] as const;

/** Below these everything is the cluster's own and cannot be written as a node. */
const CLUSTER_ROOTS: ReadonlySet<string> = new Set([
  'admin',
  'brokers',
  'cluster',
  'config',
  'consumers',
  'controller',
  'controller_epoch',
  'feature',
  'isr_change_notification',
  'latest_producer_id_block',
  'log_dir_event_notification',
  'zookeeper',
]);

export function isOfCluster(path: string): boolean {
  return CLUSTER_ROOTS.has(path.split('/')[1] ?? '');
}

/** The names that Kafka's configuration had of the kinds of resources. */
const CONFIG_FOLDERS = new Map<number, string>([
  [ResourceType.topic, 'topics'],
  [ResourceType.broker, 'brokers'],
]);

/** Which part of the tree somebody wants; what lies elsewhere need not be asked for. */
export interface WantedPart {
  readonly path: string;
  /** With everything below it. */
  readonly deep: boolean;
}

function reaches({ path, deep }: WantedPart, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`) || (deep && (path === ROOT || folder.startsWith(`${path}/`)));
}

/** Controllers tell of themselves and of the brokers that run, and of nothing else. */
export function isOfBrokers(wanted: WantedPart): boolean {
  if (wanted.path !== ROOT && !isOfCluster(wanted.path)) return true;
  return ['/admin', '/brokers/topics', '/config', '/controller_epoch'].some((folder) => reaches(wanted, folder));
}

/**
 * At least the part that is wanted, and the children of its root. `admin` is null while no broker runs: then the
 * controllers alone are known.
 */
export async function clusterTree(view: EnsembleView, admin: Admin | null, wanted: WantedPart): Promise<Tree> {
  const tree: Tree = new Map();
  for (const path of ZOOKEEPERS_OWN) plant(tree, path);
  plant(tree, '/cluster/id', bareNode(JSON.stringify({ version: '1', id: view.clusterId })));
  if (view.controllerId >= 0) plant(tree, '/controller', bareNode(controllerJson(view.controllerId)));
  for (const path of ALWAYS) plant(tree, path);
  if (admin === null) return tree;
  plant(tree, '/feature', bareNode(JSON.stringify({ features: {}, version: 2, status: 1 })));
  const [listed, { nodes }, { leaderEpoch }] = await Promise.all([
    admin.listTopics(),
    admin.describeCluster(),
    admin.describeQuorum(),
  ]);
  const topics = listed.map(({ name }) => name).filter((name) => name !== OWN_NODES_TOPIC);
  plant(tree, '/controller_epoch', bareNode(String(leaderEpoch)));
  plantBrokers(tree, nodes);
  await Promise.all([
    reaches(wanted, '/brokers/topics') && plantTopics(tree, admin, topicsOf(wanted, topics), leaderEpoch),
    reaches(wanted, '/admin') && plantReassignments(tree, admin),
    reaches(wanted, '/config') && plantConfigs(tree, admin, topics, nodes),
  ]);
  return tree;
}

/** One topic among thousands is asked for alone. */
function topicsOf({ path }: WantedPart, topics: readonly string[]): readonly string[] {
  const one = /^\/brokers\/topics\/([^/]+)/.exec(path)?.[1];
  return one === undefined ? topics : topics.filter((name) => name === one);
}

function controllerJson(brokerid: number): string {
  return JSON.stringify({ version: 2, brokerid, timestamp: '0', kraftControllerEpoch: -1 });
}

function plantBrokers(tree: Tree, nodes: readonly ClusterNode[]): void {
  for (const { id, host, port, rack } of nodes) {
    const registration = {
      features: {},
      listener_security_protocol_map: { PLAINTEXT: 'PLAINTEXT' },
      endpoints: [`PLAINTEXT://${addressText({ host, port })}`],
      ...(rack === null ? {} : { rack }),
      jmx_port: -1,
      port,
      host,
      version: 5,
      timestamp: '0',
    };
    plant(tree, `/brokers/ids/${id}`, bareNode(JSON.stringify(registration)));
  }
}

async function plantTopics(tree: Tree, admin: Admin, names: readonly string[], epoch: number): Promise<void> {
  if (names.length === 0) return;
  const [topics, ongoing] = await Promise.all([admin.describeTopics(names), admin.listPartitionReassignments()]);
  // One that is gone since it was listed is simply not there.
  for (const topic of topics.values()) if (!(topic instanceof KafkaError)) plantTopic(tree, topic, ongoing, epoch);
}

async function plantReassignments(tree: Tree, admin: Admin): Promise<void> {
  const ongoing = await admin.listPartitionReassignments();
  if (ongoing.length > 0) plant(tree, '/admin/reassign_partitions', bareNode(reassignmentJson(ongoing)));
}

function plantTopic(
  tree: Tree,
  topic: TopicDescription,
  ongoing: readonly OngoingReassignment[],
  controllerEpoch: number,
): void {
  const base = `/brokers/topics/${topic.name}`;
  const moving = ongoing.filter(({ topic: name }) => name === topic.name);
  const byPartition = (pick: (one: OngoingReassignment) => readonly number[]) =>
    Object.fromEntries(moving.map((one) => [one.partition, pick(one)]));
  const assignment = {
    removing_replicas: byPartition(({ removing }) => removing),
    partitions: Object.fromEntries(topic.partitions.map(({ partition, replicas }) => [partition, replicas])),
    topic_id: topic.id,
    adding_replicas: byPartition(({ adding }) => adding),
    version: 3,
  };
  plant(tree, base, bareNode(JSON.stringify(assignment)));
  for (const { partition, leader, leaderEpoch, isr } of topic.partitions) {
    const state = { controller_epoch: controllerEpoch, leader, version: 1, leader_epoch: leaderEpoch, isr };
    plant(tree, `${base}/partitions/${partition}/state`, bareNode(JSON.stringify(state), leaderEpoch));
  }
}

function reassignmentJson(ongoing: readonly OngoingReassignment[]): string {
  const partitions = ongoing.map(({ topic, partition, replicas, removing }) => ({
    topic,
    partition,
    replicas: replicas.filter((id) => !removing.includes(id)),
  }));
  return JSON.stringify({ version: 1, partitions });
}

/** Only what somebody has set, as ZooKeeper held it. */
async function plantConfigs(
  tree: Tree,
  admin: Admin,
  topics: readonly string[],
  nodes: readonly ClusterNode[],
): Promise<void> {
  const resources = [
    ...topics.map((name) => ({ type: ResourceType.topic, name })),
    ...nodes.map(({ id }) => ({ type: ResourceType.broker, name: String(id) })),
    { type: ResourceType.broker, name: '' },
  ];
  for (const { resource, entries } of await admin.describeConfigs(resources)) {
    const own = entries.filter(({ source }) => source === ownSource(resource.type, resource.name));
    const isTopic = resource.type === ResourceType.topic;
    if (own.length === 0 && !isTopic) continue;
    const config = Object.fromEntries(own.map(({ name, value }) => [name, value ?? '']));
    const path = `/config/${CONFIG_FOLDERS.get(resource.type)}/${resource.name === '' ? '<default>' : resource.name}`;
    plant(tree, path, bareNode(JSON.stringify({ version: 1, config })));
  }
}

function ownSource(type: number, name: string): number {
  if (type === ResourceType.topic) return ConfigSource.topic;
  return name === '' ? ConfigSource.dynamicDefaultBroker : ConfigSource.dynamicBroker;
}
