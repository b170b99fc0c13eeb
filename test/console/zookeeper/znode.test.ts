import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../../src/console/zookeeper/zk-shell.ts';
import {
  bareNode,
  childrenOf,
  pathFault,
  plant,
  type Tree,
  withDescendants,
} from '../../../src/console/zookeeper/znode.ts';

function grown(...paths: readonly string[]): Tree {
  const tree: Tree = new Map();
  for (const path of paths) plant(tree, path, bareNode('x'));
  return tree;
}

describe('the tree', () => {
  it('has the parents of what is planted', () => {
    const tree = grown('/brokers/topics/a/partitions/0/state', '/brokers/topics/ab');
    expect(childrenOf(tree, '/')).toEqual(['brokers']);
    expect(childrenOf(tree, '/brokers/topics')).toEqual(['a', 'ab']);
    expect(tree.get('/brokers/topics/a')?.data).toBeNull();
    expect(tree.get('/brokers/topics/ab')?.data).toBe('x');
  });

  it('is walked in order, each node before what is below it', () => {
    const tree = grown('/b/y', '/b/x', '/a');
    expect(withDescendants(tree, '/')).toEqual(['/', '/a', '/b', '/b/x', '/b/y']);
    expect(withDescendants(tree, '/b')).toEqual(['/b', '/b/x', '/b/y']);
    expect(withDescendants(grown('/b-c', '/b/x', '/b'), '/')).toEqual(['/', '/b', '/b/x', '/b-c']);
  });

  it.each([
    ['/', null],
    ['/a/b', null],
    ['a', 'Path must start with / character'],
    ['/a/', 'Path must not end with / character'],
    ['/a//b', 'empty node name specified'],
    ['/a/../b', 'relative paths not allowed'],
  ])('has paths: %s', (path, fault) => {
    expect(pathFault(path)).toBe(fault);
  });
});

it('a line is taken apart at blanks, and quotes hold together', () => {
  expect(wordsOf('  create /a "two words" \'x y\' z')).toEqual(['create', '/a', 'two words', 'x y', 'z']);
});
