// Runs in a namespace: a packet socket on the loopback interface that asks itself the next question each time it has heard
// one, as a client does that waits for each answer, and closes in the midst of it. Prints how many frames one turn of the
// loop took at most.
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import { arpRequest } from '../../../edge-speaker/src/wire/arp.ts';

const [questions = 0] = process.argv.slice(2).map(Number);
const links = await LinuxLinks.open();
const loopback = links.list().find(({ name }) => name === 'lo');
if (loopback === undefined) throw new Error('no loopback interface');
const socket = new PacketSocketFactory().open(loopback);
const question = arpRequest(Buffer.alloc(6), 0x0a000001, 0x0a000002);
let heard = 0;
let inTurn = 0;
let mostInTurn = 0;

socket.onFrame(() => {
  heard++;
  if (inTurn++ === 0) {
    setImmediate(() => {
      mostInTurn = Math.max(mostInTurn, inTurn);
      inTurn = 0;
    });
  }
  socket.send(question);
  if (heard < questions) return;
  socket.close();
  links.close();
});
process.on('exit', () => process.stdout.write(JSON.stringify({ heard, mostInTurn })));
socket.send(question);
