/**
 * Node's modules that are dear to load and not always needed: crypto and zlib cost a start five and three milliseconds
 * of CPU. They are loaded on first use.
 */

import type * as NodeCrypto from 'node:crypto';
import type * as NodeZlib from 'node:zlib';

let crypto: typeof NodeCrypto | undefined;
let zlib: typeof NodeZlib | undefined;

export function cryptoModule(): typeof NodeCrypto {
  crypto ??= process.getBuiltinModule('node:crypto');
  return crypto;
}

export function zlibModule(): typeof NodeZlib {
  zlib ??= process.getBuiltinModule('node:zlib');
  return zlib;
}
