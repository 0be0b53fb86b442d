require "webrick"

require_relative "greeting"

server = WEBrick::HTTPServer.new(Port: 4000)
server.mount_proc("/") { |_request, response| response.body = greeting }
trap("TERM") { server.shutdown }
server.start
