/** An address that a broker names and that nobody can reach is given up on; a broker that is away is not. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterView } from '../../src/client/cluster-view.ts';
import { AdvertisedWatch } from '../../src/console/advertised.ts';
import type { CommandContext } from '../../src/console/command.ts';
import type { Link, LinkOptions } from '../../src/network/link.ts';
import { ManualTime } from '../support/manual-time.ts';

let time: ManualTime;
let given: Error[];

beforeEach(() => {
  time = new ManualTime();
  given = [];
});

function watchOf(bootstrap: string, named: readonly string[], reachable: readonly string[], code: string) {
  const context = { runtime: { clock: time } } as unknown as CommandContext;
  const watch = new AdvertisedWatch(context, bootstrap, (error) => given.push(error));
  const address = (text: string) => ({ host: text.replace(/:\d+$/, ''), port: Number(/\d+$/.exec(text)?.[0]) });
  watch.cluster = {
    brokers: named.map((text, id) => ({ id, rack: null, ...address(text) })),
  } as unknown as ClusterView;
  const open = watch.around(async (options: LinkOptions) => {
    if (reachable.includes(`${options.address.host}:${options.address.port}`)) return {} as Link;
    throw Object.assign(new Error(code), { code });
  });
  return async (text: string, sleepMs = 0) => {
    time.sleep(sleepMs);
    await open({ address: address(text) } as LinkOptions).catch(() => undefined);
  };
}

describe('an address that a broker names', () => {
  it('is given up on soon when nobody knows the host', async () => {
    const connect = watchOf('127.0.0.1:1', ['inside:2'], ['127.0.0.1:1'], 'ENOTFOUND');
    await connect('127.0.0.1:1');
    await connect('inside:2');
    expect(given).toEqual([]);
    await connect('inside:2', 1_000);
    expect(given[0]?.message).toBe(
      '127.0.0.1:1 answers, but says that clients shall use inside:2, which cannot be reached from here: unknown host',
    );
    expect(given[0]).toMatchObject({ exitCode: 5, hint: expect.stringContaining('advertised.listeners') });
  });

  it('gets longer when it refuses: it may be starting', async () => {
    const connect = watchOf('10.0.0.1:1', ['127.0.0.1:2'], ['10.0.0.1:1'], 'ECONNREFUSED');
    await connect('10.0.0.1:1');
    await connect('127.0.0.1:2');
    await connect('127.0.0.1:2', 2_000);
    expect(given).toEqual([]);
    await connect('127.0.0.1:2', 3_000);
    expect(given[0]).toMatchObject({ hint: expect.stringContaining('its own machine') });
  });

  it.each([
    ['another named address works', '127.0.0.1:1', ['a:1', 'b:1'], ['127.0.0.1:1', 'a:1'], ['127.0.0.1:1', 'a:1']],
    ['the bootstrap address is a named one', 'a:1', ['a:1', 'b:1'], ['a:1'], ['a:1']],
    ['nobody has answered at all', '127.0.0.1:1', ['b:1'], [], ['127.0.0.1:1']],
    ['it is no longer named', '127.0.0.1:1', ['a:1'], ['127.0.0.1:1'], ['127.0.0.1:1']],
  ])('is not given up on when %s', async (_, bootstrap, named, reachable, first) => {
    const connect = watchOf(bootstrap, named, reachable, 'ENOTFOUND');
    for (const address of first) await connect(address);
    await connect('b:1');
    await connect('b:1', 60_000);
    expect(given).toEqual([]);
  });
});
