import { beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_LIST, idsOf, listFrame, produceFrame, ServerHarness, settled } from './server-harness.ts';

let h: ServerHarness;

beforeEach(() => {
  h = new ServerHarness();
});

describe('RequestServer', () => {
  describe('bounds', () => {
    it('a connection with many unanswered requests is paused, and goes on when they are answered', async () => {
      const answers: (() => void)[] = [];
      h.behaviour.list = () => new Promise((resolve) => answers.push(() => resolve(EMPTY_LIST)));
      await h.serve();
      const client = h.dial();
      for (let id = 0; id < 600; id++) client.send(listFrame(id));
      expect(client.server.isPaused).toBe(true);
      let ids: number[] = [];
      for (let round = 0; round < 600; round++) {
        answers.shift()?.();
        await settled();
        ids = ids.concat(idsOf(client.frames()));
      }
      expect(ids).toEqual(Array.from({ length: 600 }, (_, id) => id));
      expect(client.server.isPaused).toBe(false);
    });

    it('the memory of all connections is bounded, without starving anyone', async () => {
      const answers: (() => void)[] = [];
      h.behaviour.produce = () => new Promise((resolve) => answers.push(() => resolve({ responses: [] })));
      await h.serve({ queuedMaxRequestBytes: 2_000_000 });
      const clients = Array.from({ length: 10 }, () => h.dial());
      for (const client of clients) for (let id = 0; id < 3; id++) client.send(produceFrame(id, 500_000));
      expect(h.server.memory.requestBytes).toBeLessThanOrEqual(2_000_000);
      expect(clients.filter((client) => client.server.isPaused).length).toBeGreaterThan(5);
      // Small requests of a connection with nothing in flight pass all the same.
      const other = h.dial();
      other.send(listFrame(1));
      expect(idsOf(other.frames())).toEqual([1]);
      while (answers.length > 0) {
        answers.shift()?.();
        await settled();
        expect(h.server.memory.requestBytes).toBeLessThanOrEqual(2_000_000);
      }
      expect(clients.map((client) => idsOf(client.frames()))).toEqual(clients.map(() => [0, 1, 2]));
      expect(h.server.memory.requestBytes).toBe(0);
    });

    it('claims of large frames that never come do not hold up small ones', async () => {
      await h.serve({ queuedMaxRequestBytes: 100 * 1024 * 1024 });
      const liars = Array.from({ length: 5 }, () => h.dial());
      for (const liar of liars) liar.send(Buffer.from([0x06, 0x3f, 0xff, 0xff, 0, 0]));
      const client = h.dial();
      client.send(produceFrame(1, 500_000));
      expect(idsOf(client.frames())).toEqual([1]);
      const late = h.dial();
      const large = produceFrame(2, 3_000_000);
      late.send(large);
      expect(idsOf(late.frames())).toEqual([2]);
      late.send(large.subarray(0, 100));
      late.send(large.subarray(100));
      expect(late.frames()).toEqual([]);
      for (const liar of liars) liar.own.destroy();
      expect(idsOf(late.frames())).toEqual([2]);
      expect(h.server.memory.arrivingBytes).toBe(0);
    });

    it('a client that does not read its answers is not read', async () => {
      const groups = Array.from({ length: 600 }, (_, i) => ({ groupId: `group-${i}`.padEnd(100), protocolType: '' }));
      h.behaviour.list = () => ({ errorCode: 0, groups });
      await h.serve();
      const client = h.dial();
      client.server.stalled = true;
      for (let id = 0; id < 50; id++) client.send(listFrame(id));
      expect(client.server.isPaused).toBe(true);
      expect(client.server.bufferedBytes).toBeLessThan(1_500_000);
      expect(h.server.answerBytes).toBeGreaterThan(0);
      client.server.release();
      expect(idsOf(client.frames())).toEqual(Array.from({ length: 50 }, (_, id) => id));
      expect(h.server.answerBytes).toBe(0);
    });

    it('many requests in one chunk whose answers are large do not pile up either', async () => {
      const groups = Array.from({ length: 600 }, (_, i) => ({ groupId: `group-${i}`.padEnd(100), protocolType: '' }));
      h.behaviour.list = () => ({ errorCode: 0, groups });
      await h.serve();
      const client = h.dial();
      client.server.stalled = true;
      client.send(Buffer.concat(Array.from({ length: 100 }, (_, id) => listFrame(id))));
      expect(client.server.bufferedBytes).toBeLessThan(1_500_000);
      client.server.release();
      expect(client.frames()).toHaveLength(100);
    });
  });

  describe('connections', () => {
    it('are refused beyond the limits, by address with exceptions', async () => {
      await h.serve({
        maxConnections: 4,
        maxConnectionsPerIp: 2,
        maxConnectionsPerIpOverrides: new Map([['10.0.0.9', 1]]),
      });
      const first = h.dial('10.0.0.1');
      const open = [first, h.dial('10.0.0.1'), h.dial('10.0.0.9')];
      expect(h.dial('10.0.0.1').isClosed).toBe(true);
      expect(h.dial('10.0.0.9').isClosed).toBe(true);
      expect(h.logger.lines).toEqual([
        'INFO Rejected connection from /10.0.0.1, address already has the configured maximum of 2 connections.',
        'INFO Rejected connection from /10.0.0.9, address already has the configured maximum of 1 connections.',
      ]);
      first.own.destroy();
      expect(h.dial('10.0.0.1').isClosed).toBe(false);
      expect(h.dial('10.0.0.2').isClosed).toBe(false);
      expect(h.dial('10.0.0.3').isClosed).toBe(true);
      expect(open.slice(1).every((client) => !client.isClosed)).toBe(true);
      expect(h.server.metrics.connectionsOpen).toBe(4);
    });

    it('are closed when idle, but not while a request waits', async () => {
      h.behaviour.list = () => new Promise(() => {});
      await h.serve({ connectionsMaxIdleMs: 10_000 });
      const [idle, active, busy] = [h.dial(), h.dial(), h.dial()];
      busy.send(listFrame(1));
      h.time.advance(6_000);
      active.send(produceFrame(1));
      h.time.advance(6_000);
      expect([idle.isClosed, active.isClosed, busy.isClosed]).toEqual([true, false, false]);
      h.time.advance(6_000);
      expect([active.isClosed, busy.isClosed]).toEqual([true, false]);
      expect(h.server.metrics.connectionsIdleClosed).toBe(2);
      expect(h.time.timerCount).toBe(1);
    });

    it('that end do not live on because their client takes nothing and requests were left behind', async () => {
      h.behaviour.produce = () => new Promise(() => {});
      await h.serve({ connectionsMaxIdleMs: 10_000 });
      const client = h.dial();
      client.server.stalled = true;
      client.send(listFrame(1));
      client.send(produceFrame(2));
      const broken = Buffer.concat([produceFrame(3), Buffer.from('?')]);
      broken.writeInt32BE(broken.length - 4);
      client.send(broken);
      expect(h.logger.lines.filter((line) => line.includes('Closing connection'))).toHaveLength(1);
      expect(client.isClosed).toBe(false);
      h.time.advance(12_000);
      expect([client.isClosed, h.server.metrics.connectionsOpen]).toEqual([true, 0]);
    });

    it('tell waiting handlers that their client has gone', async () => {
      const gone: number[] = [];
      h.behaviour.produce = (context) =>
        new Promise((resolve) => {
          context.onConnectionClosed(() => {
            gone.push(context.correlationId);
            resolve({ responses: [] });
          });
        });
      await h.serve();
      const client = h.dial();
      client.send(Buffer.concat([produceFrame(1), produceFrame(2)]));
      client.own.destroy();
      await settled();
      expect(gone).toEqual([1, 2]);
      expect(h.server.memory.requestBytes).toBe(0);
    });

    it('tell their listener, address and id', async () => {
      let seen = '';
      h.behaviour.list = (context) => {
        seen = `${context.listenerName} ${context.clientAddress} ${context.connectionId} ${context.clientId} ${context.frame.length}`;
        return EMPTY_LIST;
      };
      await h.serve();
      const client = h.dial('10.1.2.3');
      client.send(listFrame(1));
      expect(seen).toBe(`PLAINTEXT 10.1.2.3 127.0.0.1:9092-10.1.2.3:${client.server.remotePort}-0 test 14`);
    });
  });

  describe('close', () => {
    it('answers what has started, drops what has not, and takes no new connections', async () => {
      const answers: (() => void)[] = [];
      const started: number[] = [];
      h.behaviour.produce = ({ correlationId }) => {
        started.push(correlationId);
        return new Promise((resolve) => answers.push(() => resolve({ responses: [] })));
      };
      h.behaviour.list = ({ correlationId }) => {
        started.push(correlationId);
        return EMPTY_LIST;
      };
      await h.serve();
      const idle = h.dial();
      const client = h.dial();
      client.send(Buffer.concat([produceFrame(1), produceFrame(2), listFrame(3)]));
      const closed = h.server.close(10_000);
      await settled();
      expect(idle.isClosed).toBe(true);
      expect(client.isClosed).toBe(false);
      for (const answer of answers) answer();
      await closed;
      expect(idsOf(client.frames())).toEqual([1, 2]);
      expect(started).toEqual([1, 2]);
      expect(client.isClosed).toBe(true);
      await expect(h.sockets.connect({ host: '127.0.0.1', port: h.port })).rejects.toThrow('refused');
    });

    it('cuts what is not through in time', async () => {
      h.behaviour.list = () => new Promise(() => {});
      await h.serve();
      const client = h.dial();
      client.send(listFrame(1));
      const closed = h.server.close(1_000);
      await settled();
      h.time.advance(1_001);
      await closed;
      expect(client.isClosed).toBe(true);
      expect(h.server.memory.requestBytes).toBe(0);
    });
  });
});
