/** The real world as a Runtime. Engine code never imports it: the executable and the public surface hand it in. */
import { nodeFiles } from './node-files.ts';
import { nodeSockets } from './node-sockets.ts';
import { nodeClock, nodeRandom, nodeTimers } from './node-time.ts';
import type { Runtime } from './runtime.ts';

export const nodeRuntime: Runtime = {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
  files: nodeFiles,
  sockets: nodeSockets,
};
