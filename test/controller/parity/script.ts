/** What the brokers ask. Assignments are given by hand: where Kafka places replicas is random. */
import { LOST_DIR, UNASSIGNED_DIR, ZERO_UUID } from '../../../src/base/uuid.ts';
import { APIS, dir, FEATURES, type World } from './world.ts';

const TOPIC = 2;
const BROKER = 4;
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;
const PREFERRED = 0;
const UNCLEAN = 1;
const UPGRADE = 1;
const SAFE_DOWNGRADE = 2;
const UNSAFE_DOWNGRADE = 3;
const MIN_ISR = 'min.insync.replicas';
const UNCLEAN_ELECTION = 'unclean.leader.election.enable';

const withFeature = (name: string, max: number) =>
  FEATURES.map((feature) => (feature.name === name ? { ...feature, maxSupportedVersion: max } : feature));
const epochOf = (world: World, id: number): number => world.epochs.get(id) as number;

async function registration(world: World): Promise<void> {
  world.step('registrations that are refused');
  await world.register(1, { clusterId: 'AAAAAAAAAAAAAAAAAAAABB' });
  await world.register(1, { logDirs: [] });
  await world.register(1, { logDirs: [LOST_DIR] });
  await world.register(1, { logDirs: [dir(1), dir(1)] });
  await world.register(1, { isMigratingZkBroker: true });
  await world.register(1, { features: FEATURES.filter(({ name }) => name !== 'metadata.version') });
  await world.register(1, { features: FEATURES.filter(({ name }) => name !== 'group.version') });
  await world.register(1, { features: withFeature('metadata.version', 29) });
  await world.register(1, { features: withFeature('transaction.version', 1) });

  world.step('heartbeats of nobody');
  await world.heartbeat(1);

  world.step('five brokers register and are unfenced');
  await world.register(1, { rack: 'a' });
  await world.register(2, { logDirs: [dir(1)] });
  await world.register(2, { rack: 'b' });
  await world.heartbeat(1, { wantFence: true, currentMetadataOffset: 0, cordonedLogDirs: null });
  await world.heartbeat(1, { currentMetadataOffset: 0 });
  await world.heartbeat(1, { brokerEpoch: 0 });
  await world.heartbeat(1);
  await world.heartbeat(1);
  await world.heartbeat(2);
  await world.join(3);
  await world.join(4, { logDirs: [dir(4), dir(4, 1)] });
  await world.join(5, { logDirs: [dir(5), dir(5, 1)] });

  world.step('a registration over one that lives');
  await world.register(1, { rack: 'a' });
}

async function topics(world: World): Promise<void> {
  world.step('topics are created');
  await world.createTopic('t', [
    [1, 2, 3],
    [2, 3, 1],
  ]);
  await world.createTopic('dirs', [
    [4, 1],
    [5, 4],
  ]);
  await world.createTopic('min', [[1, 2, 3]], { configs: [{ name: MIN_ISR, value: '2' }] });
  await world.createTopic('single', [[3]]);

  world.step('topics are refused');
  await world.createTopic('t', [[1]]);
  await world.createTopic('bad', [[]]);
  await world.createTopic('bad', [[1, 1]]);
  await world.createTopic('bad', [[1, 9]]);
  await world.createTopic('bad', [[1, 2], [3]]);
  await world.createTopic('bad', [], { assignments: [{ partitionIndex: 1, brokerIds: [1] }] });
  await world.createTopic('bad', [], {
    assignments: [
      { partitionIndex: 0, brokerIds: [1] },
      { partitionIndex: 0, brokerIds: [2] },
    ],
  });
  await world.createTopic('bad', [[1]], { numPartitions: 1 });
  await world.createTopic('bad', [[1]], { replicationFactor: 1 });
  await world.createTopic('bad', [], { numPartitions: 1, replicationFactor: 6 });
  await world.createTopic('bad', [], { numPartitions: 0, replicationFactor: 1 });
  await world.createTopic('bad', [], { numPartitions: 1, replicationFactor: 0 });
  await world.createTopic('bad', [[1]], { configs: [{ name: MIN_ISR, value: null }] });
  await world.createTopic('bad/name', [[1]]);

  world.step('partitions are added');
  await world.addPartitions('single', 3, [[1], [4]]);
  await world.addPartitions('single', 3, null);
  await world.addPartitions('single', 2, null);
  await world.addPartitions('single', 4, [[1], [2]]);
  await world.addPartitions('single', 4, [[1, 2]]);
  await world.addPartitions('single', 4, [[9]]);
  await world.addPartitions('nobody', 4, [[1]]);
}

async function inSyncReplicas(world: World): Promise<void> {
  world.step('an ISR shrinks and grows');
  await world.alterIsr('t', { isr: [1, 2] });
  await world.alterIsr('t', { isr: [1, 2] });
  await world.alterIsr('t', { isr: [1, 3, 2], version: 2 });

  world.step('proposals that are refused');
  await world.alterIsr('t', { isr: [1, 2], leaderEpoch: 9 });
  await world.alterIsr('t', { isr: [1, 2], partitionEpoch: 9 });
  await world.alterIsr('t', { isr: [1, 2], leaderEpoch: -1 });
  await world.alterIsr('t', { isr: [1, 2], partitionEpoch: 0 });
  await world.alterIsr('t', { isr: [1, 2], leader: 2 });
  await world.alterIsr('t', { isr: [2, 3] });
  await world.alterIsr('t', { isr: [1, 5] });
  await world.alterIsr('t', { isr: [] });
  await world.alterIsr('t', { isr: [1, 1] });
  await world.alterIsr('t', { isr: [1, 2], recovery: 1 });
  await world.alterIsr('t', { isr: [1], recovery: 1 });
  await world.alterIsr('t', { isr: [1, [2, 0]] });
  await world.alterIsr('t', { isr: [1, [2, -1], 3] });
  await world.alterIsr('t', { isr: [1, 2], brokerEpoch: 0 });
  await world.alterIsr('t', { isr: [1, 2], topicId: dir(9) });
  await world.alterIsr('t', { isr: [1, 2], topicId: ZERO_UUID });
  await world.alterIsr('t', { isr: [1, 2], partition: 7 });

  world.step('eligible leader replicas below the minimum');
  await world.alterIsr('min', { isr: [1, 2] });
  await world.alterIsr('min', { isr: [1] });
  await world.alterIsr('min', { isr: [1, 3] });
  await world.alterIsr('min', { isr: [1] });
  await world.alterConfigs(TOPIC, 'min', [MIN_ISR, SET, '3']);
  await world.alterConfigs(TOPIC, 'min', [MIN_ISR, SET, '3']);
  await world.alterIsr('min', { isr: [1, 3] });
  await world.alterIsr('min', { isr: [1] });
  await world.alterConfigs(TOPIC, 'min', [MIN_ISR, SET, '2']);
  await world.alterIsr('min', { isr: [1, 2, 3] });
}

async function fencing(world: World): Promise<void> {
  world.step('a leader falls silent');
  await world.silence(1);

  world.step('a topic for one who is fenced');
  await world.createTopic('late', [[1, 2]]);
  await world.createTopic('none', [[1]]);
  await world.addPartitions('late', 2, [[1, 3]]);
  await world.addPartitions('late', 3, [[1, 1]]);
  await world.alterIsr('t', { isr: [2, 1] });

  world.step('all fall silent, one after the other');
  await world.silence(2);
  await world.silence(3);

  world.step('the last leader comes back');
  await world.heartbeat(3);
  await world.heartbeat(2);
  await world.heartbeat(1);

  world.step('the others catch up');
  await world.alterIsr('t', { isr: [3, 1, 2] });
  await world.alterIsr('t', { isr: [3, 2, 1], partition: 1 });
  await world.alterIsr('min', { isr: [3, 1] });
  await world.alterIsr('min', { isr: [3, 1, 2] });
  await world.alterIsr('late', { isr: [2, 1] });

  world.step('preferred leaders');
  await world.elect(PREFERRED, [
    ['t', [0, 1, 2]],
    ['nobody', [0]],
    ['late', [0, 1]],
  ]);
  await world.elect(PREFERRED, [['min', [0]]]);
  await world.elect(UNCLEAN, [['t', [0]]]);
  await world.elect(2, [['t', [0]]]);
}

async function restarts(world: World): Promise<void> {
  const former = () => epochOf(world, 2);
  world.step('a clean restart, after its session');
  await world.silence(2);
  await world.register(2, { previousBrokerEpoch: former(), rack: 'b' });
  await world.heartbeat(2);
  await world.alterIsr('t', { isr: [1, 2, 3] });
  await world.alterIsr('min', { isr: [1, 2, 3] });

  world.step('an unclean restart takes the broker out of what it was eligible for');
  await world.alterIsr('min', { isr: [1, 2] });
  await world.silence(2);
  await world.register(2, { previousBrokerEpoch: 3, rack: 'b' });
  await world.heartbeat(2);

  world.step('an unclean restart of the only replica');
  await world.silence(3);
  await world.register(3);
  await world.heartbeat(3);
  await world.alterIsr('single', { isr: [3], recovery: 0 });

  world.step('another incarnation registers while the former one lives');
  const same = { incarnationId: 'SAMExxxxxxxxxxxxxxxxxA', logDirs: [dir(4), dir(4, 1)] };
  await world.register(4, same);

  world.step('a leader under recovery');
  await world.silence(4);
  await world.register(4, same);
  await world.heartbeat(4);

  world.step('the same incarnation registers again');
  await world.register(4, { ...same, rack: 'd' });
  await world.heartbeat(4);
  await world.alterIsr('single', { partition: 2, isr: [4], recovery: 1 });
  await world.alterIsr('single', { partition: 2, isr: [4], recovery: 0 });
}

async function uncleanElections(world: World): Promise<void> {
  world.step('an unclean election by config');
  await world.createTopic('loose', [[1, 2]], { configs: [{ name: UNCLEAN_ELECTION, value: 'true' }] });
  await world.alterIsr('loose', { isr: [1] });
  await world.silence(1);
  await world.alterIsr('loose', { isr: [2], recovery: 0 });
  await world.heartbeat(1);

  world.step('an unclean election that is asked for');
  await world.createTopic('strict', [[1, 2]]);
  await world.alterIsr('strict', { isr: [1] });
  await world.silence(1);
  await world.elect(PREFERRED, [['strict', [0]]]);
  await world.elect(UNCLEAN, [['strict', [0]]]);
  await world.elect(UNCLEAN, [['strict', [0]]]);
  await world.heartbeat(1);
  await world.alterConfigs(TOPIC, 'loose', [UNCLEAN_ELECTION, DELETE, null]);
}

async function reassignments(world: World): Promise<void> {
  world.step('reassignments: one replica for another');
  await world.createTopic('move', [
    [1, 2, 3],
    [1, 2],
    [2, 3],
  ]);
  await world.reassign('move', 0, [1, 2, 4]);
  await world.listReassignments(null);
  await world.listReassignments([
    ['move', [0, 1, 9]],
    ['nobody', [0]],
  ]);
  await world.alterIsr('move', { isr: [1, 2, 3, 4] });
  await world.listReassignments(null);

  world.step('reassignments: the leader goes');
  await world.reassign('move', 1, [5, 3]);
  await world.alterIsr('move', { partition: 1, isr: [1, 2, 3] });
  await world.alterIsr('move', { partition: 1, isr: [1, 2, 3, 5] });

  world.step('reassignments: fewer and more');
  await world.reassign('move', 0, [2, 4]);
  await world.reassign('move', 0, [2, 4, 1, 5]);
  await world.alterIsr('move', { isr: [2, 4, 1] });
  await world.alterIsr('move', { isr: [2, 4, 1, 5] });
  await world.reassign('move', 0, [4, 2, 1, 5]);
  await world.reassign('move', 0, [1, 2, 3], false);
  await world.reassign('move', 0, [1, 2, 3, 4], false);
  await world.reassign('move', 0, null);

  world.step('reassignments: fewer, of which one has fallen behind');
  await world.alterIsr('move', { isr: [2, 4, 5] });
  await world.reassign('move', 0, [1, 2]);
  await world.alterIsr('move', { isr: [2, 4, 5, 1] });

  world.step('reassignments: over one that is under way');
  await world.reassign('move', 2, [4, 5]);
  await world.reassign('move', 2, [3, 1]);
  await world.alterIsr('move', { partition: 2, isr: [2, 3, 1] });
  await world.reassign('move', 2, [2, 1]);
  await world.reassign('move', 2, null);

  world.step('reassignments that are refused');
  await world.reassign('nobody', 0, [1]);
  await world.reassign('move', 7, [1]);
  await world.reassign('move', 0, []);
  await world.reassign('move', 0, [1, 1]);
  await world.reassign('move', 0, [1, 9]);
  await world.reassign('move', 0, null);

  world.step('a reassignment that cannot be taken back without loss');
  await world.createTopic('back', [[1]]);
  await world.reassign('back', 0, [2]);
  await world.silence(1);
  await world.reassign('back', 0, null);
  await world.alterConfigs(TOPIC, 'back', [UNCLEAN_ELECTION, SET, 'true']);
  await world.reassign('back', 0, [2, 3]);
  await world.reassign('back', 0, null);
  await world.heartbeat(1);

  world.step('a leader falls silent amid a reassignment');
  await world.createTopic('amid', [[2, 3]], { configs: [{ name: MIN_ISR, value: '2' }] });
  await world.reassign('amid', 0, [1, 3]);
  await world.silence(2);
  await world.alterIsr('amid', { isr: [3, 1] });
  await world.heartbeat(2);
}

async function directories(world: World): Promise<void> {
  world.step('replicas are assigned to directories');
  await world.assignDir(4, dir(4), 'dirs', [0, 1]);
  await world.assignDir(4, dir(4, 1), 'dirs', [1]);
  await world.assignDir(4, dir(4, 1), 'dirs', [1]);
  await world.assignDir(5, dir(5), 'dirs', [1, 9]);
  await world.assignDir(1, dir(1), 'dirs', [1]);
  await world.assignDir(5, dir(5), 'nobody', [0]);

  world.step('a directory that is gone is assigned');
  await world.alterIsr('dirs', { isr: [4, 1] });
  await world.assignDir(4, LOST_DIR, 'dirs', [0]);
  await world.assignDir(4, dir(4), 'dirs', [0]);
  await world.alterIsr('dirs', { isr: [1, 4] });
  await world.assignDir(4, UNASSIGNED_DIR, 'dirs', [0]);
  await world.assignDir(4, dir(4), 'dirs', [0]);

  world.step('a directory fails');
  await world.heartbeat(4, { offlineLogDirs: [dir(4)] });
  await world.heartbeat(4, { offlineLogDirs: [dir(4)] });
  await world.alterIsr('dirs', { isr: [1, 4] });
  await world.heartbeat(4, { offlineLogDirs: [dir(4), dir(4, 1)] });

  world.step('cordoned directories');
  await world.heartbeat(5, { cordonedLogDirs: [dir(5)] });
  await world.heartbeat(5, { cordonedLogDirs: [dir(5), dir(5, 1)] });
  await world.heartbeat(5, { cordonedLogDirs: [dir(5, 1), dir(5)] });
  await world.send('is there room for five', APIS.createTopics, 7, {
    topics: [{ name: 'five', numPartitions: 1, replicationFactor: 5, assignments: [], configs: [] }],
    timeoutMs: 5_000,
    validateOnly: true,
  });
  await world.heartbeat(5, { cordonedLogDirs: [] });
  await world.alterConfigs(BROKER, '5', ['cordoned.log.dirs', SET, '/a']);
}

async function shutdowns(world: World): Promise<void> {
  const behind = 3;
  world.step('a controlled shutdown waits for those that stay');
  await world.createTopic('both', [
    [1, 2, 3],
    [2, 1],
  ]);
  await world.heartbeat(2, { currentMetadataOffset: behind });
  await world.heartbeat(1, { wantShutDown: true });
  await world.alterIsr('both', { isr: [2, 1, 3] });
  await world.heartbeat(1, { wantShutDown: true });
  await world.heartbeat(2);
  await world.heartbeat(3);
  await world.heartbeat(4);
  await world.heartbeat(5);
  await world.createTopic('without', [[1, 2]]);
  await world.heartbeat(1, { wantShutDown: true });

  world.step('a shutdown of one that leads nothing');
  await world.createTopic('follows', [[2, 5]]);
  await world.elect(PREFERRED, null);
  await world.heartbeat(5, { wantFence: true });
  await world.heartbeat(5);
  await world.heartbeat(5, { wantFence: true, wantShutDown: true });
}

async function unregistrations(world: World): Promise<void> {
  world.step('a broker is unregistered with its replicas');
  await world.createTopic('gone', [[3, 2]]);
  await world.alterConfigs(TOPIC, 'gone', [MIN_ISR, SET, '2']);
  await world.silence(3);
  await world.unregister(3);
  await world.unregister(3);
  await world.heartbeat(3);

  world.step('and registers as if it were new');
  await world.register(3, { rack: 'c' });
  await world.heartbeat(3);

  world.step('a broker that lives is unregistered');
  await world.alterIsr('gone', { isr: [2, 3] });
  await world.alterIsr('t', { partition: 0, isr: [2, 3] });
  await world.unregister(2);
  await world.register(2, { rack: 'b' });
  await world.heartbeat(2);
}

async function configsAndFeatures(world: World): Promise<void> {
  world.step('the minimum ISR of the cluster');
  await world.alterConfigs(BROKER, '', [MIN_ISR, SET, '2']);
  await world.alterConfigs(BROKER, '', [MIN_ISR, DELETE, null]);
  await world.alterConfigs(BROKER, '3', [MIN_ISR, SET, '2']);
  await world.alterConfigs(TOPIC, 'nobody', [MIN_ISR, SET, '2']);
  await world.alterConfigs(BROKER, '77', ['log.cleaner.threads', SET, '2']);

  world.step('features that are refused');
  await world.updateFeature('metadata.version', 29, UPGRADE);
  await world.updateFeature('metadata.version', 29, SAFE_DOWNGRADE);
  await world.updateFeature('metadata.version', 29, UNSAFE_DOWNGRADE);
  await world.updateFeature('metadata.version', 31, UPGRADE);
  await world.updateFeature('group.version', 5, UPGRADE);
  await world.updateFeature('group.version', 0, UPGRADE);
  await world.updateFeature('group.version', -1, SAFE_DOWNGRADE);
  await world.updateFeature('no.such', 1, UPGRADE);
  await world.updateFeature('kraft.version', 0, SAFE_DOWNGRADE);
  await world.updateFeature('group.version', 1, 0);

  world.step('a broker that lacks a feature level');
  await world.updateFeature('share.version', 0, SAFE_DOWNGRADE);
  await world.silence(5);
  await world.register(5, { features: withFeature('share.version', 0), logDirs: [dir(5)] });
  await world.updateFeature('share.version', 1, UPGRADE);
  await world.register(5, { logDirs: [dir(5)] });
  await world.heartbeat(5);
  await world.updateFeature('share.version', 1, UPGRADE);
  await world.updateFeature('share.version', 1, UPGRADE);

  world.step('eligible leader replicas are switched off');
  await world.createTopic('elr', [[1, 2, 3]], { configs: [{ name: MIN_ISR, value: '2' }] });
  await world.join(1);
  await world.alterIsr('elr', { leader: 2, isr: [2] });
  await world.updateFeature('eligible.leader.replicas.version', 0, SAFE_DOWNGRADE);
  await world.alterIsr('elr', { leader: 2, isr: [2, 3] });
  await world.alterIsr('elr', { leader: 2, isr: [2] });
  await world.silence(2);
  await world.alterConfigs(BROKER, '3', [MIN_ISR, SET, '2']);
  await world.alterConfigs(TOPIC, 'elr', [MIN_ISR, SET, '1']);
  await world.heartbeat(2);
  await world.register(2, { rack: 'b' });

  world.step('and on again');
  await world.updateFeature('eligible.leader.replicas.version', 1, UPGRADE);

  world.step('several topics and resources at once');
  const named = (name: string, configs: { name: string; value: string }[] = []) => ({
    name,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [3] }],
    configs,
  });
  await world.send('create three', APIS.createTopics, 7, {
    topics: [named('zz', [{ name: MIN_ISR, value: '1' }]), named('t'), named('aa')],
    timeoutMs: 5_000,
    validateOnly: false,
  });
  await world.send('validate two', APIS.createTopics, 7, {
    topics: [named('yy'), named('t')],
    timeoutMs: 5_000,
    validateOnly: true,
  });
  await world.createTopic('configs', [[3]], {
    configs: [
      { name: 'retention.ms', value: '100000' },
      { name: 'segment.bytes', value: '2000000' },
      { name: 'cleanup.policy', value: 'compact' },
      { name: MIN_ISR, value: '1' },
      { name: 'max.message.bytes', value: '5000' },
    ],
  });
  const set = (resourceName: string, name: string, value: string) => ({
    resourceType: TOPIC,
    resourceName,
    configs: [{ name, configOperation: SET, value }],
  });
  await world.send('alter two', APIS.incrementalAlterConfigs, 1, {
    resources: [set('zz', MIN_ISR, '2'), set('aa', 'retention.ms', '5')],
    validateOnly: false,
  });
  await world.send('alter the old way', APIS.alterConfigs, 2, {
    resources: [{ resourceType: TOPIC, resourceName: 'zz', configs: [{ name: 'retention.ms', value: '7' }] }],
    validateOnly: false,
  });
  await world.alterConfigs(TOPIC, 'configs', ['cleanup.policy', APPEND, 'delete'], ['retention.ms', SUBTRACT, '1']);
  await world.alterConfigs(TOPIC, 'configs', ['cleanup.policy', APPEND, 'delete']);
  await world.alterConfigs(TOPIC, 'configs', ['cleanup.policy', SUBTRACT, 'compact']);
  await world.alterConfigs(TOPIC, 'configs', ['leader.replication.throttled.replicas', SET, '0:3,1:2']);
  await world.alterConfigs(TOPIC, 'configs', ['leader.replication.throttled.replicas', APPEND, '1:3']);
  await world.alterConfigs(TOPIC, 'configs', ['follower.replication.throttled.replicas', SET, '*']);
  await world.alterConfigs(TOPIC, 'configs', ['follower.replication.throttled.replicas', SET, 'all']);
  await world.alterConfigs(BROKER, '3', ['leader.replication.throttled.rate', SET, '1000']);
  await world.alterConfigs(BROKER, '', ['follower.replication.throttled.rate', SET, '1000']);

  world.step('controllers');
  const registerController = (controllerId: number, listener: string) =>
    world.send(`register controller ${controllerId}`, APIS.controllerRegistration, 0, {
      controllerId,
      incarnationId: dir(controllerId),
      zkMigrationReady: false,
      listeners: [{ name: listener, host: 'localhost', port: 9_000 + controllerId, securityProtocol: 0 }],
      features: FEATURES,
    });
  await registerController(11, 'CONTROLLER');
  await registerController(12, 'OTHER');
  for (const endpointType of [1, 2, 3]) {
    const request = { includeClusterAuthorizedOperations: false, endpointType, includeFencedBrokers: false };
    await world.send(`describe ${endpointType}`, APIS.describeCluster, 2, request);
  }

  world.step('producer ids');
  const allocate = (brokerId: number, brokerEpoch: number) =>
    world.send(`producer ids for ${brokerId}`, APIS.allocateProducerIds, 0, { brokerId, brokerEpoch });
  await allocate(3, epochOf(world, 3));
  await allocate(3, epochOf(world, 3));
  await allocate(3, 0);

  world.step('topics are deleted');
  await world.deleteTopic('t');
  await world.deleteTopic('t');
}

export async function play(world: World): Promise<void> {
  await world.begin();
  await registration(world);
  await topics(world);
  await inSyncReplicas(world);
  await fencing(world);
  await restarts(world);
  await uncleanElections(world);
  await reassignments(world);
  await directories(world);
  await shutdowns(world);
  await unregistrations(world);
  await configsAndFeatures(world);
}
