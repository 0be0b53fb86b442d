require "minitest/autorun"

require_relative "../greeting"

class GreetingTest < Minitest::Test
  def test_it_greets
    assert_equal "hello", greeting
  end
end
