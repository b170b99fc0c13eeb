import { describe, expect, it } from 'vitest';
import { metadataRecord } from '../../src/metadata/records.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { codeOf, Harness, settle } from './harness.ts';

const config = (value: string) => metadataRecord('config', 0, { resourceType: 4, resourceName: '', name: 'x', value });
const write = (harness: Harness, value: string) =>
  harness.controller.submit('write', () => ({ records: [config(value)], response: value }));
const valueIn = (image: Harness['controller']['image']) => image.configs.get('4:')?.get('x');

describe('activation on an empty log', () => {
  it('writes what Kafka writes: the bootstrap records in a transaction, with the minimum ISR that ELR needs', async () => {
    const harness = new Harness();
    harness.controller.start();
    await settle();
    expect(harness.raft.log.length).toBe(1);
    expect(harness.take()).toEqual([
      'BeginTransaction{name:"Bootstrap records"}',
      'FeatureLevel{name:"metadata.version", featureLevel:30}',
      'FeatureLevel{name:"eligible.leader.replicas.version", featureLevel:1}',
      'FeatureLevel{name:"group.version", featureLevel:1}',
      'FeatureLevel{name:"share.version", featureLevel:1}',
      'FeatureLevel{name:"streams.version", featureLevel:1}',
      'FeatureLevel{name:"transaction.version", featureLevel:2}',
      'Config{resourceType:4, resourceName:"", name:"min.insync.replicas", value:"1"}',
      'EndTransaction{}',
    ]);
    expect(harness.controller.committedImage.features.get('metadata.version')).toBe(30);
  });

  it('needs neither transaction nor minimum where the levels are older', async () => {
    const harness = new Harness({
      levels: {
        'metadata.version': 12,
        'eligible.leader.replicas.version': 0,
        'group.version': 0,
        'share.version': 0,
        'streams.version': 0,
        'transaction.version': 0,
      },
    });
    harness.controller.start();
    await settle();
    expect(harness.take()).toEqual(['FeatureLevel{name:"metadata.version", featureLevel:12}']);
  });
});

describe('an operation', () => {
  it('is visible to the next one at once and answered when it is committed', async () => {
    const harness = await Harness.started();
    harness.raft.autoCommit = false;
    const answers: string[] = [];
    void write(harness, 'a').then((answer) => answers.push(answer));
    void write(harness, 'b').then((answer) => answers.push(answer));
    await settle();
    expect(answers).toEqual([]);
    expect(valueIn(harness.controller.image)).toBe('b');
    expect(valueIn(harness.controller.committedImage)).toBeUndefined();
    harness.raft.commit();
    await settle();
    expect(answers).toEqual(['a', 'b']);
    expect(valueIn(harness.controller.committedImage)).toBe('b');
  });

  it('that writes nothing is answered behind what it saw', async () => {
    const harness = await Harness.started();
    harness.raft.autoCommit = false;
    const order: string[] = [];
    void write(harness, 'a').then(() => order.push('write'));
    void harness.controller
      .submit('read', ({ image }) => ({ records: [], response: valueIn(image) }))
      .then((value) => order.push(`read ${value}`));
    await settle();
    expect(order).toEqual([]);
    harness.raft.commit();
    await settle();
    expect(order).toEqual(['write', 'read a']);
  });

  it('whose records do not replay writes nothing, and leadership is given up', async () => {
    const harness = await Harness.started();
    const broken = metadataRecord('removeTopic', 0, { topicId: 'JEXY6aqzQY-32P5TStzaFg' });
    const failed = harness.controller.submit('bad', () => ({ records: [config('a'), broken], response: 0 }));
    expect(await codeOf(failed)).toMatch(/^NOT_CONTROLLER/);
    expect(harness.raft.log).toEqual([]);
    expect(harness.raft.resigned).toBe(1);
    expect(valueIn(harness.controller.image)).toBeUndefined();
  });

  it('that cannot be appended goes back to the committed state, and so does all that waited', async () => {
    const harness = await Harness.started();
    await write(harness, 'committed');
    harness.raft.autoCommit = false;
    const waiting = codeOf(write(harness, 'lost'));
    harness.raft.failAppend = new Error('disk');
    const failed = codeOf(write(harness, 'never'));
    expect(await waiting).toMatch(/^NOT_CONTROLLER/);
    expect(await failed).toMatch(/^NOT_CONTROLLER/);
    expect(valueIn(harness.controller.image)).toBe('committed');
    expect(harness.controller.isActive).toBe(false);
    harness.raft.failAppend = null;
    harness.raft.autoCommit = true;
    harness.raft.lose();
    harness.raft.lead(2);
    await write(harness, 'again');
    expect(valueIn(harness.controller.committedImage)).toBe('again');
  });

  it('that is too large for one batch is refused, and costs nobody the leadership', async () => {
    const harness = await Harness.started();
    await write(harness, 'committed');
    harness.raft.failAppend = new KafkaError(ErrorCode.RECORD_LIST_TOO_LARGE, 'too large');
    expect(await codeOf(write(harness, 'large'))).toMatch(/^RECORD_LIST_TOO_LARGE/);
    harness.raft.failAppend = null;
    expect([harness.controller.isActive, harness.raft.resigned, valueIn(harness.controller.image)]).toEqual([
      true,
      0,
      'committed',
    ]);
    await write(harness, 'again');
    expect(valueIn(harness.controller.committedImage)).toBe('again');
  });

  it('is refused while another node leads, with its name', async () => {
    const harness = await Harness.started();
    harness.raft.follow(3, 2);
    expect(await codeOf(write(harness, 'a'))).toBe('NOT_CONTROLLER: The active controller appears to be node 3.');
    harness.raft.follow(-1, 3);
    expect(await codeOf(write(harness, 'a'))).toBe('NOT_CONTROLLER: No controller appears to be active.');
  });
});

describe('periodic tasks', () => {
  it('write a NoOp when nothing else was written', async () => {
    const harness = await Harness.started({ config: { metadataMaxIdleIntervalMs: 500 } });
    harness.time.advance(500);
    await settle();
    expect(harness.take()).toEqual(['NoOp{}']);
    await write(harness, 'a');
    harness.take();
    harness.time.advance(500);
    await settle();
    expect(harness.take()).toEqual([]);
    harness.time.advance(500);
    await settle();
    expect(harness.take()).toEqual(['NoOp{}']);
  });

  it('end with leadership', async () => {
    const harness = await Harness.started({ config: { metadataMaxIdleIntervalMs: 500 } });
    harness.raft.follow(2, 2);
    harness.time.advance(5_000);
    expect(harness.take()).toEqual([]);
    expect(harness.time.timerCount).toBe(0);
  });
});
