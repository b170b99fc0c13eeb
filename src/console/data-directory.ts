/** Where the node without a properties file keeps its data, and where a node in the background writes its log. */
import { join } from 'node:path';

export function defaultDataDirectory(env: NodeJS.ProcessEnv, home: string): string {
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'kts', 'default');
}

export function logDirectory(env: NodeJS.ProcessEnv, home: string): string {
  return env['LOG_DIR'] || join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'kts', 'logs');
}
