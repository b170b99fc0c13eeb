// A program with a broker inside: the installed command writes to it and reads from it.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { startBroker } from 'kts/broker';

await using broker = await startBroker();

function kts(args, input = '') {
  const words = ['node_modules/kts/bin/kts.js', ...args, '--bootstrap-server', broker.bootstrapServers];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) =>
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${args[0]} ended with ${code}`)))),
  );
}

await kts(['topics', '--create', '--topic', 'greetings']);
await kts(['console-producer', '--topic', 'greetings'], 'hello\n');
const read = await kts(['console-consumer', '--topic', 'greetings', '--from-beginning', '--max-messages', '1']);
console.log(`read: ${read.trim()}`);
