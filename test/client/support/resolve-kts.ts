/** For `node --import`: `kts/client` and the like are this tree's sources, as they are the package's files for its users. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const match = /^kts(?:\/(client|broker))?$/.exec(specifier);
    if (match === null) return next(specifier, context);
    return next(new URL(`../../../src/${match[1] ?? 'index'}.ts`, import.meta.url).href, context);
  },
});
