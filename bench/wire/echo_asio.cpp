// A line echo server on Boost.Asio, one C++20 coroutine for each connection: a peer
// of the benches echo and idle.
//
// One thread, told so; the executor's type is spelled out, since any_io_executor
// costs a virtual call for each operation.
//
// SPDX-License-Identifier: MIT
#include <utility> // before Boost 1.74, which uses std::exchange without it

#include <boost/asio.hpp>
#include <cstdlib>
#include <string>

namespace asio = boost::asio;
using executor = asio::io_context::executor_type;
using asio::ip::tcp;
using tcp_socket = asio::basic_stream_socket<tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, executor>;
template <typename T> using task = asio::awaitable<T, executor>;
constexpr asio::use_awaitable_t<executor> use_task;

static constexpr std::size_t max_line = 65536;

static task<void> echo(tcp_socket socket)
{
    std::string buffer;
    try {
        for (;;) {
            std::size_t n = co_await asio::async_read_until(
                socket, asio::dynamic_buffer(buffer, max_line), '\n', use_task);
            co_await asio::async_write(socket, asio::buffer(buffer.data(), n),
                                       use_task);
            buffer.erase(0, n);
        }
    } catch (const boost::system::system_error &) {
        // The peer has left.
    }
}

static task<void> serve(tcp_acceptor &acceptor)
{
    for (;;) {
        tcp_socket socket = co_await acceptor.async_accept(use_task);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)),
                       asio::detached);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    asio::io_context context(1);
    auto port = static_cast<unsigned short>(std::strtoul(argv[1], nullptr, 10));
    tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    tcp_acceptor acceptor(context, endpoint);
    asio::co_spawn(context, serve(acceptor), asio::detached);
    context.run();
}
