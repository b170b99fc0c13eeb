#!/usr/bin/env node
/*
 * The executable. It owns the ends of the process and nothing else: which Node runs, the closed pipe, the signals, the
 * line an error leaves, the exit code. The work is done by `start(argv, io)` of dist/start.js, or of the command's own
 * program in dist/quick (src/start.ts in a checkout that was not built; KTS_SOURCE=1 prefers the sources).
 *
 *   start(argv: string[], io: {
 *     stdin, stdout, stderr: Node's streams (touched only when used: each costs start-up time),
 *     env: NodeJS.ProcessEnv,
 *     onStop(stop: (why: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGBREAK' | 'EPIPE') => void): () => void,
 *   }): Promise<number>            the exit code
 *
 * Without a registered `stop`, a signal ends the process with 128 + its number. With one, the first signal is handed to
 * it and `start` is expected to come to its end; the same key press arriving twice (from the terminal and from npm) is
 * one signal; a later one ends the process at once.
 *
 * Any Node can parse this file, because the one that is too old must still say so: no static import, no import.meta, no
 * top-level await, no newer syntax.
 */
var NEEDED = 24;
var SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGBREAK: 21 };
// npm passes on what the terminal has already delivered; the two arrive within a few milliseconds.
var SAME_SIGNAL_MS = 500;

/** The same decision as for stdout (src/console/output.ts), about stderr; whoever means to be Kafka has none. */
function hasColour() {
  var env = process.env;
  return process.stderr.isTTY && !env.KTS_STRICT && !env.NO_COLOR && !env.CI && env.TERM !== 'dumb';
}

function printLine(text) {
  var name = hasColour() ? '\x1b[31mkts:\x1b[39m ' : 'kts: ';
  process.stderr.write(name + text + '\n');
}

function tooOld() {
  printLine('needs Node.js ' + NEEDED + ' or newer; this is ' + process.version + ' (' + process.execPath + ')');
  process.exitCode = 1;
}

/** A Node that is too old looks for the pinned one: in a checkout under node_modules, in an installation beside the package. */
function handOver() {
  if (process.env.KTS_HANDED_OVER) return tooOld();
  Promise.all([import('child_process'), import('fs'), import('path')]).then(function (modules) {
    var fs = modules[1];
    var path = modules[2];
    var script = fs.realpathSync(process.argv[1]);
    var root = path.dirname(path.dirname(script));
    var name = process.platform === 'win32' ? 'node.exe' : 'node';
    var candidates = [
      path.join(root, 'node_modules', 'node', 'bin', name),
      path.join(root, 'node_modules', '.bin', name),
      path.join(path.dirname(root), 'node', 'bin', name),
      path.join(path.dirname(root), '.bin', name),
    ];
    var node = candidates.find(function (candidate) {
      return fs.existsSync(candidate);
    });
    if (node === undefined) return tooOld();
    var environment = Object.assign({}, process.env, { KTS_HANDED_OVER: '1' });
    var child = modules[0].spawn(node, process.execArgv.concat([script], process.argv.slice(2)), {
      stdio: 'inherit',
      env: environment,
    });
    follow(child);
  }, tooOld);
}

/** Passes signals down and the end up. */
function follow(child) {
  var handlers = {};
  Object.keys(SIGNALS).forEach(function (signal) {
    handlers[signal] = function () {
      child.kill(signal);
    };
    try {
      process.on(signal, handlers[signal]);
    } catch (_) {
      // A signal that this platform does not know.
    }
  });
  child.on('error', tooOld);
  child.on('exit', function (code, signal) {
    Object.keys(handlers).forEach(function (name) {
      process.removeListener(name, handlers[name]);
    });
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

/** V8's compiled code is kept in the user's cache directory, which halves the start; without such a place there is none. */
function keepCompiledCode(module) {
  var env = process.env;
  if (env.NODE_COMPILE_CACHE) return;
  var base = env.XDG_CACHE_HOME;
  if (!base && process.platform === 'win32') base = env.LOCALAPPDATA;
  else if (!base && env.HOME) base = env.HOME + (process.platform === 'darwin' ? '/Library/Caches' : '/.cache');
  if (!base) return;
  try {
    module.enableCompileCache(base + '/kts/compiled');
    // A node that is killed would never write it otherwise.
    setTimeout(module.flushCompileCache, 5000).unref();
  } catch (_) {
    // The start is slower, nothing else.
  }
}

function exitCodeOf(error) {
  if (error && Number.isInteger(error.exitCode)) return error.exitCode;
  if (error && error.oclif && Number.isInteger(error.oclif.exit)) return error.oclif.exit;
  return 1;
}

function printError(error) {
  if (process.env.KTS_STACK && error && error.stack) return process.stderr.write(error.stack + '\n');
  var message = error && error.message ? error.message : String(error);
  printLine(message.replace(/\s*\n\s*/g, ' '));
  if (!error || !error.hint) return;
  process.stderr.write(hasColour() ? '     \x1b[2m' + error.hint + '\x1b[22m\n' : '     ' + error.hint + '\n');
}

/** Resolves when the stream has handed its bytes to the kernel, or cannot any more. */
function flushed(stream) {
  if (stream === undefined || stream.destroyed || stream.writableLength === 0) return Promise.resolve();
  return new Promise(function (resolve) {
    stream.once('error', resolve);
    stream.write('', resolve);
  });
}

function run() {
  var module = process.getBuiltinModule('module');
  keepCompiledCode(module);
  var stops = new Set();
  var opened = {};
  var first = null;
  var ended = false;

  function end(code) {
    if (ended) return;
    ended = true;
    process.exitCode = code;
    Promise.all([flushed(opened.stdout), flushed(opened.stderr)]).then(function () {
      // Whatever is still open (a terminal, an idle connection) must not hold the process.
      process.exit();
    });
  }

  function askToStop(why, code) {
    if (stops.size === 0) return end(code);
    Array.from(stops).forEach(function (stop) {
      stop(why);
    });
  }

  // Node forgets that `nohup` asked to ignore the hang-up; without any terminal there is none that could hang up.
  var tty = process.getBuiltinModule('tty');
  var onTerminal = tty.isatty(0) || tty.isatty(1) || tty.isatty(2);

  function onSignal(signal) {
    if (signal === 'SIGHUP' && !onTerminal) return;
    var now = performance.now();
    if (first === null) {
      first = now;
      askToStop(signal, 128 + SIGNALS[signal]);
    } else if (now - first > SAME_SIGNAL_MS) end(128 + SIGNALS[signal]);
  }

  function onPipeClosed(error) {
    if (error.code !== 'EPIPE' && error.code !== 'EOF' && error.code !== 'ERR_STREAM_DESTROYED') return fail(error);
    if (first !== null) return;
    first = performance.now();
    askToStop('EPIPE', 0);
  }

  function fail(error) {
    // Streams that were written to without `io` announce a closed pipe here.
    if (error && error.code === 'EPIPE' && (process.stdout.destroyed || process.stderr.destroyed)) return end(0);
    printError(error);
    opened.stderr = process.stderr;
    end(exitCodeOf(error));
  }

  function output(name) {
    if (opened[name] === undefined) {
      opened[name] = process[name];
      opened[name].on('error', onPipeClosed);
    }
    return opened[name];
  }

  var io = {
    env: process.env,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return output('stdout');
    },
    get stderr() {
      return output('stderr');
    },
    onStop: function (stop) {
      stops.add(stop);
      return function () {
        stops.delete(stop);
      };
    },
  };

  // Notes for developers (experimental, deprecated) are none of the user's business.
  if (!process.env.KTS_STACK) process.removeAllListeners('warning');
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  ['SIGINT', 'SIGTERM', 'SIGHUP'].concat(process.platform === 'win32' ? ['SIGBREAK'] : []).forEach(function (signal) {
    process.on(signal, onSignal);
  });

  load()
    .then(function (loaded) {
      return loaded.start(process.argv.slice(2), io);
    })
    .then(end, fail);
}

function load() {
  var fs = process.getBuiltinModule('fs');
  var root = fs.realpathSync(process.argv[1]).replace(/[\\/]bin[\\/][^\\/]*$/, '');
  var fromSource = process.env.KTS_SOURCE && fs.existsSync(root + '/src/start.ts');
  var word = process.argv[2] === 'kafka.Kafka' ? 'server-start' : process.argv[2];
  var command = /^[a-z-]+$/.test(word) ? word : '';
  if (!fromSource && command && fs.existsSync(root + '/dist/quick/' + command + '.js')) {
    return import('../dist/quick/' + command + '.js');
  }
  if (!fromSource && fs.existsSync(root + '/dist/start.js')) return import('../dist/start.js');
  if (fs.existsSync(root + '/src/start.ts')) return import('../src/start.ts');
  return Promise.reject(new Error('this copy was not built; run: npm run build'));
}

if (Number(process.versions.node.split('.')[0]) < NEEDED) handOver();
else run();
