import { describe, expect, it } from 'vitest';
import { registerController, unregisterBroker } from '../../src/controller/brokers/registration.ts';
import { alterConfigs, incrementalAlterConfigs } from '../../src/controller/configs/alter-configs.ts';
import { type FeatureUpdate, featureUpdates, updateFeatures } from '../../src/controller/features/update-features.ts';
import { createTopics } from '../../src/controller/topics/create-topics.ts';
import { SUPPORTED_FEATURES } from '../../src/metadata/features.ts';
import { configsOf } from '../../src/metadata/image.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { codeOf, Harness, type HarnessOptions } from './harness.ts';

const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;
const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;

const errorName = (code: number | undefined) => Object.entries(ErrorCode).find(([, value]) => value === code)?.[0];

type Change = [name: string, operation: number, value: string | null];

async function started(options: HarnessOptions = {}): Promise<Harness> {
  const harness = await Harness.started(options);
  await harness.join(1);
  const topic = { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await harness.controller.submit('create', (context) =>
    createTopics(context, { topics: [topic], timeoutMs: 1, validateOnly: false }),
  );
  harness.take();
  return harness;
}

async function alter(harness: Harness, type: number, name: string, ...changes: Change[]): Promise<string> {
  const configs = changes.map(([key, configOperation, value]) => ({ name: key, configOperation, value }));
  const [result] = await harness.controller.submit('alter', (context) =>
    incrementalAlterConfigs(context, {
      resources: [{ resourceType: type, resourceName: name, configs }],
      validateOnly: false,
    }),
  );
  return `${errorName(result?.errorCode)}: ${result?.errorMessage}`;
}

const topicConfigs = (harness: Harness) => Object.fromEntries(configsOf(harness.controller.image, TOPIC, 't'));

describe('altering configs step by step', () => {
  it('writes what changes, and ClearElr behind a minimum ISR', async () => {
    const harness = await started();
    await alter(harness, TOPIC, 't', ['min.insync.replicas', SET, '1'], ['retention.ms', SET, '7000']);
    expect(harness.take()).toEqual([
      'Config{resourceType:2, resourceName:"t", name:"min.insync.replicas", value:"1"}',
      'Config{resourceType:2, resourceName:"t", name:"retention.ms", value:"7000"}',
      'ClearElr{topicName:"t"}',
    ]);
    await alter(harness, TOPIC, 't', ['retention.ms', SET, '7000']);
    expect(harness.take()).toEqual([]);
    await alter(harness, TOPIC, 't', ['retention.ms', DELETE, null]);
    expect(harness.take()).toEqual(['Config{resourceType:2, resourceName:"t", name:"retention.ms", value:null}']);
  });

  it('appends to lists and takes from them, from the default on', async () => {
    const harness = await started();
    await alter(harness, TOPIC, 't', ['cleanup.policy', APPEND, 'compact']);
    expect(topicConfigs(harness)).toEqual({ 'cleanup.policy': 'delete,compact' });
    await alter(harness, TOPIC, 't', ['cleanup.policy', APPEND, 'compact']);
    expect(topicConfigs(harness)).toEqual({ 'cleanup.policy': 'delete,compact' });
    await alter(harness, TOPIC, 't', ['cleanup.policy', SUBTRACT, 'delete']);
    expect(topicConfigs(harness)).toEqual({ 'cleanup.policy': 'compact' });
  });

  it('takes what a broker is to make of its configs as it comes', async () => {
    const harness = await started();
    expect(await alter(harness, BROKER, '1', ['log.cleaner.threads', SET, 'x'], ['no.such', SET, '1'])).toBe(
      'NONE: null',
    );
    expect(await alter(harness, BROKER, '1', ['log.cleaner.threads', DELETE, null])).toBe('NONE: null');
    expect([...configsOf(harness.controller.image, BROKER, '1')]).toEqual([['no.such', '1']]);
  });

  it('writes a broker config again though it is the same: key stores are read again', async () => {
    const harness = await started();
    for (const _ of [1, 2]) await alter(harness, BROKER, '1', ['ssl.keystore.location', SET, '/x']);
    expect(harness.take().length).toBe(2);
  });

  it('clears the eligible replicas of all topics behind a minimum ISR of the cluster', async () => {
    const harness = await started();
    await alter(harness, BROKER, '', ['min.insync.replicas', SET, '2']);
    expect(harness.take()).toEqual([
      'Config{resourceType:4, resourceName:"", name:"min.insync.replicas", value:"2"}',
      'ClearElr{topicName:""}',
    ]);
  });

  it('refuses values that are too long, as Kafka does', async () => {
    const harness = await started();
    const long = Array.from({ length: 8000 }, (_, i) => `${i}:1`).join(',');
    expect(await alter(harness, TOPIC, 't', ['leader.replication.throttled.replicas', SET, long])).toBe(
      'INVALID_CONFIG: The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.',
    );
    expect(harness.take()).toEqual([]);
  });

  it('takes groups that nobody knows yet', async () => {
    const harness = await started();
    expect(await alter(harness, GROUP, 'g', ['consumer.session.timeout.ms', SET, '50000'])).toBe('NONE: null');
  });

  const refusals: [string, number, string, Change, string][] = [
    [
      'an unknown topic',
      TOPIC,
      'nope',
      ['retention.ms', SET, '1'],
      "UNKNOWN_TOPIC_OR_PARTITION: The topic 'nope' does not exist.",
    ],
    ['an unknown key', TOPIC, 't', ['no.such', SET, '1'], 'INVALID_CONFIG: Unknown topic config name: no.such'],
    [
      'no topic name',
      TOPIC,
      '',
      ['retention.ms', SET, '1'],
      'INVALID_REQUEST: Default topic resources are not allowed.',
    ],
    [
      'an append to what is no list',
      TOPIC,
      't',
      ['retention.ms', APPEND, '1'],
      "INVALID_CONFIG: Can't APPEND to key retention.ms because its type is not LIST.",
    ],
    ['an unknown operation', TOPIC, 't', ['retention.ms', 9, '1'], 'INVALID_REQUEST: Unknown operation type 9'],
    [
      'a value of null',
      TOPIC,
      't',
      ['retention.ms', SET, null],
      'INVALID_REQUEST: Null value not supported for : retention.ms',
    ],
    ['an unknown broker', BROKER, '77', ['x', SET, '1'], 'BROKER_ID_NOT_REGISTERED: No node with id 77 found.'],
    [
      'a broker that is no number',
      BROKER,
      'x',
      ['x', SET, '1'],
      'INVALID_REQUEST: Unable to parse broker name as a base 10 number.',
    ],
    [
      "a broker's own minimum ISR",
      BROKER,
      '1',
      ['min.insync.replicas', SET, '3'],
      'INVALID_CONFIG: Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    ],
    [
      "the removal of the cluster's minimum ISR",
      BROKER,
      '',
      ['min.insync.replicas', DELETE, null],
      'INVALID_CONFIG: Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    ],
    ['a nameless group', GROUP, '', ['x', SET, '1'], 'INVALID_REQUEST: Default group resources are not allowed.'],
    ['an unknown kind of resource', 3, 'x', ['x', SET, '1'], 'INVALID_REQUEST: Unknown resource type 3'],
  ];

  it.each(refusals)('refuses %s', async (_what, type, name, change, error) => {
    const harness = await started();
    expect(await alter(harness, type, name, change)).toBe(error);
    expect(harness.take()).toEqual([]);
  });

  it('refuses a resource that is named twice, and answers the others', async () => {
    const harness = await started();
    const one = (resourceName: string) => ({ resourceType: TOPIC, resourceName, configs: [] });
    const results = await harness.controller.submit('alter', (context) =>
      incrementalAlterConfigs(context, { resources: [one('t'), one('u'), one('u')], validateOnly: true }),
    );
    expect(results.map((result) => errorName(result.errorCode))).toEqual([
      'NONE',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
    ]);
  });
});

describe('the old AlterConfigs', () => {
  it('removes what it does not name', async () => {
    const harness = await started();
    await alter(harness, TOPIC, 't', ['retention.ms', SET, '1'], ['cleanup.policy', SET, 'compact']);
    harness.take();
    await harness.controller.submit('alter', (context) =>
      alterConfigs(context, {
        resources: [{ resourceType: TOPIC, resourceName: 't', configs: [{ name: 'retention.ms', value: '2' }] }],
        validateOnly: false,
      }),
    );
    expect(topicConfigs(harness)).toEqual({ 'retention.ms': '2' });
  });
});

describe('updating features', () => {
  const update = (harness: Harness, updates: FeatureUpdate[], validateOnly = false) =>
    harness.controller.submit('update', (context) => updateFeatures(context, updates, validateOnly));
  const UPGRADE = 1;
  const SAFE = 2;
  const UNSAFE = 3;

  it('writes a record for each feature that is named', async () => {
    const harness = await started();
    await update(harness, [{ feature: 'transaction.version', level: 1, upgradeType: SAFE }]);
    expect(harness.take()).toEqual(['FeatureLevel{name:"transaction.version", featureLevel:1}']);
    await update(harness, [
      { feature: 'transaction.version', level: 2, upgradeType: UPGRADE },
      { feature: 'group.version', level: 1, upgradeType: UPGRADE },
    ]);
    expect(harness.take()).toEqual([
      'FeatureLevel{name:"transaction.version", featureLevel:2}',
      'FeatureLevel{name:"group.version", featureLevel:1}',
    ]);
    await update(harness, [{ feature: 'share.version', level: 0, upgradeType: SAFE }], true);
    expect(harness.take()).toEqual([]);
  });

  it('hands kraft.version to raft', async () => {
    const harness = await started();
    const updates = [{ feature: 'kraft.version', level: 1, upgradeType: UPGRADE }];
    expect((await update(harness, updates)).kraftVersion).toBe(1);
    await harness.controller.upgradeKraftVersion(1);
    expect((await update(harness, updates)).kraftVersion).toBeNull();
    expect(await alter(harness, TOPIC, 't', ['retention.ms', SET, '1'])).toBe('NONE: null');
  });

  it('gives the cluster a minimum ISR when ELR is switched on', async () => {
    const harness = await started({ levels: { 'eligible.leader.replicas.version': 0 } });
    await alter(harness, BROKER, '1', ['min.insync.replicas', SET, '2']);
    harness.take();
    await update(harness, [{ feature: 'eligible.leader.replicas.version', level: 1, upgradeType: UPGRADE }]);
    expect(harness.take()).toEqual([
      'Config{resourceType:4, resourceName:"", name:"min.insync.replicas", value:"1"}',
      'Config{resourceType:4, resourceName:"1", name:"min.insync.replicas", value:null}',
      'FeatureLevel{name:"eligible.leader.replicas.version", featureLevel:1}',
    ]);
  });

  const refusals: [string, FeatureUpdate, string][] = [
    [
      'no.such',
      { feature: 'no.such', level: 1, upgradeType: UPGRADE },
      'Invalid update version 1 for feature no.such. Local controller 1 does not support this feature.',
    ],
    [
      'too high',
      { feature: 'transaction.version', level: 9, upgradeType: UPGRADE },
      'Invalid update version 9 for feature transaction.version. Local controller 1 only supports versions 0-2',
    ],
    [
      'an upgrade down',
      { feature: 'transaction.version', level: 1, upgradeType: UPGRADE },
      "Invalid update version 1 for feature transaction.version. Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    ],
    [
      'a downgrade that loses metadata',
      { feature: 'metadata.version', level: 21, upgradeType: SAFE },
      'Unsupported metadata.version downgrade from 30 to 21. Refusing to perform the requested downgrade because it might delete metadata information.',
    ],
    [
      'an unsafe downgrade',
      { feature: 'metadata.version', level: 21, upgradeType: UNSAFE },
      'Unsupported metadata.version downgrade from 30 to 21. Unsafe metadata downgrade is not supported in this version.',
    ],
    [
      'no metadata.version',
      { feature: 'metadata.version', level: 0, upgradeType: SAFE },
      'Invalid update version 0 for feature metadata.version. Local controller 1 only supports versions 7-30',
    ],
  ];

  it.each(refusals)('refuses %s', async (_what, one, message) => {
    const harness = await started();
    expect(await codeOf(update(harness, [one]))).toBe(`INVALID_UPDATE_VERSION: ${message}`);
  });

  it('reads the flag of version 0', () => {
    const request = {
      timeoutMs: 1,
      featureUpdates: [{ feature: 'x', maxVersionLevel: 1, allowDowngrade: true, upgradeType: 1 }],
      validateOnly: false,
    };
    expect(featureUpdates(request, 0)[0]?.upgradeType).toBe(SAFE);
    expect(featureUpdates(request, 1)[0]?.upgradeType).toBe(UPGRADE);
  });

  const range = (name: string, max: number) => [
    ...SUPPORTED_FEATURES.filter((feature) => feature.name !== name).map(({ name: other, min, max: highest }) => ({
      name: other,
      minSupportedVersion: min,
      maxSupportedVersion: highest,
    })),
    { name, minSupportedVersion: 0, maxSupportedVersion: max },
  ];

  it('asks what every broker can do, fenced or not', async () => {
    const harness = await started({ levels: { 'transaction.version': 1 } });
    await harness.register(2, { features: range('transaction.version', 1) });
    const upgrade = [{ feature: 'transaction.version', level: 2, upgradeType: UPGRADE }];
    expect(await codeOf(update(harness, upgrade))).toBe(
      'INVALID_UPDATE_VERSION: Invalid update version 2 for feature transaction.version. Broker 2 only supports versions 0-1',
    );
    await harness.controller.submit('unregister', (context) => unregisterBroker(context, 2));
    harness.take();
    await update(harness, upgrade);
    expect(harness.take()).toEqual(['FeatureLevel{name:"transaction.version", featureLevel:2}']);
  });

  it('asks what every controller can do, and waits for voters that nobody has heard of', async () => {
    const harness = await started({
      levels: { 'transaction.version': 1 },
      config: { quorumNodeIds: [1, 11, 12] },
    });
    const upgrade = [{ feature: 'transaction.version', level: 2, upgradeType: UPGRADE }];
    const register = (controllerId: number, features: ReturnType<typeof range>) =>
      harness.controller.submit('registerController', (context) =>
        registerController(context, {
          controllerId,
          incarnationId: harness.incarnation(),
          zkMigrationReady: false,
          listeners: [{ name: 'CONTROLLER', host: 'localhost', port: 9093, securityProtocol: 0 }],
          features,
        }),
      );
    await register(11, range('transaction.version', 1));
    expect(await codeOf(update(harness, upgrade))).toMatch(/Controller 11 only supports versions 0-1$/);
    await register(11, range('transaction.version', 2));
    expect(await codeOf(update(harness, upgrade))).toMatch(
      /controller 12 has not registered, and may not support this feature$/,
    );
    await register(12, range('transaction.version', 2));
    harness.take();
    await update(harness, upgrade);
    expect(harness.take()).toEqual(['FeatureLevel{name:"transaction.version", featureLevel:2}']);
    expect(await alter(harness, BROKER, '12', ['x', SET, '1'])).toBe('NONE: null');
  });

  it('needs a metadata.version that knows eligible leader replicas', async () => {
    const levels = { 'metadata.version': 21, 'eligible.leader.replicas.version': 0 };
    const harness = await started({ levels });
    const elr = { feature: 'eligible.leader.replicas.version', level: 1, upgradeType: UPGRADE };
    expect(await codeOf(update(harness, [elr]))).toBe(
      'INVALID_UPDATE_VERSION: Invalid update version 1 for feature eligible.leader.replicas.version. eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version level 23',
    );
    harness.take();
    await update(harness, [elr, { feature: 'metadata.version', level: 25, upgradeType: UPGRADE }]);
    expect(harness.take()).toContain('FeatureLevel{name:"eligible.leader.replicas.version", featureLevel:1}');
  });
});
