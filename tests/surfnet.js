// A Solana node for tests: prints its addresses as one line of JSON, and ends with its input.
const { Surfnet } = require(`${process.argv[2]}/node_modules/surfpool-sdk-linux-x64-gnu`)
const node = Surfnet.startWithConfig({
  offline: true,
  blockProductionMode: 'clock',
  slotTimeMs: Number(process.argv[3]),
})
console.log(JSON.stringify({
  url: node.rpcUrl,
  ws_url: node.wsUrl,
  secret_key: Buffer.from(node.payerSecretKey).toString('hex'),
}))
// Its events are kept for whoever wants them; where a thousand wait, the whole node stands still.
setInterval(() => node.drainEvents(), 1000)
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
