// For `node --import`: writes the name of every module that the process loads into the file LOADED_MODULES, a line each.
import fs from 'node:fs';
import { registerHooks } from 'node:module';
import process from 'node:process';

registerHooks({
  load(url, context, next) {
    fs.appendFileSync(process.env.LOADED_MODULES ?? '', `${url}\n`);
    return next(url, context);
  },
});
