/** `npm run simulate`: see docs/TESTING.md. */
import { main } from '../test/simulation/command.ts';

process.exitCode = await main(process.argv.slice(2));
