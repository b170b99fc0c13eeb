import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../src/raft/address-book.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';

const book = () =>
  new AddressBook({
    localId: 5,
    listenerNames: ['CONTROLLER'],
    localEndpoints: [],
    bootstrapServers: [],
    random: nodeRuntime.random,
  });

describe('what an answer tells of the leader', () => {
  it.each([
    ['a host', 'h1:9093', 'h2:9093', 'h1:9093'],
    // A ZooKeeper's file without server lines names no host.
    ['localhost, asked from another host', '127.0.0.1:2181', '10.0.0.7:2181', '10.0.0.7:2181'],
    ['localhost, asked there', 'localhost:2181', '127.0.0.1:2181', 'localhost:2181'],
    ['the localhost of somebody else', '127.0.0.1:9093', '10.0.0.7:2181', '127.0.0.1:9093'],
  ])('is %s', (_, told, asked, known) => {
    const address = (id: number, text: string) => {
      const [host = '', port] = text.split(':');
      return { id, host, port: Number(port) };
    };
    const addresses = book();
    addresses.learn([address(1, told)], address(-2, asked));
    expect(addresses.leader(1)).toEqual(address(1, known));
  });
});
